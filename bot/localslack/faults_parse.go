package localslack

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseFault returns the fault that a text describes, such as
// "chat.update,status=429,retry-after=30s,times=2": the method, then the fields by
// their names in small letters with hyphens. A field that is true or false stands
// alone: "download,login-page".
func ParseFault(text string) (Fault, error) {
	method, fields, _ := strings.Cut(text, ",")
	f := Fault{Method: method}
	if method == "" || strings.Contains(method, "=") {
		return f, fmt.Errorf("the fault %q does not begin with a method, such as chat.update", text)
	}
	if fields == "" {
		return f, fmt.Errorf("the fault %q does not say what happens, such as chat.update,status=500", text)
	}
	for field := range strings.SplitSeq(fields, ",") {
		name, value, hasValue := strings.Cut(field, "=")
		if err := f.set(name, value, hasValue); err != nil {
			return f, fmt.Errorf("the fault %q: %w", text, err)
		}
	}
	return f, nil
}

// set gives the field of that name a value.
func (f *Fault) set(name, value string, hasValue bool) (err error) {
	switches := map[string]*bool{
		"reset": &f.Reset, "applied": &f.Applied, "login-page": &f.LoginPage,
		"serving-error": &f.ServingError, "never-shared": &f.NeverShared, "no-messages": &f.NoMessages,
	}
	numbers := map[string]*int{"after": &f.After, "times": &f.Times, "status": &f.Status, "cut-after": &f.CutAfter}
	times := map[string]*time.Duration{"retry-after": &f.RetryAfter, "delay": &f.Delay, "share-delay": &f.ShareDelay}
	if field := switches[name]; field != nil {
		if hasValue {
			return fmt.Errorf("%s takes no value", name)
		}
		*field = true
		return nil
	}
	field, isNumber := numbers[name]
	duration, isTime := times[name]
	switch {
	case name == "error" && value != "":
		f.Error = value
	case isNumber:
		if *field, err = strconv.Atoi(value); err != nil || *field < 0 {
			return fmt.Errorf("%s=%q is no whole number. Example: %s=2", name, value, name)
		}
	case isTime:
		if *duration, err = time.ParseDuration(value); err != nil || *duration < 0 {
			return fmt.Errorf("%s=%q is no length of time. Example: %s=2s", name, value, name)
		}
	default:
		return fmt.Errorf("there is no %q; there are error=CODE, status=, retry-after=, delay=, after=, times=, cut-after=, share-delay=, reset, applied, login-page, serving-error, never-shared and no-messages", name)
	}
	return nil
}
