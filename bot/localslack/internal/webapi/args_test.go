package webapi

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"
)

// No body makes the parser panic or accept a token from where it does not count.
func FuzzParseArgs(f *testing.F) {
	f.Add("application/json", `{"a":[1,{"b":null}],"token":"x"}`)
	f.Add("application/x-www-form-urlencoded", "a=1&a=2&b=%20")
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n--x--")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		r := httptest.NewRequest("POST", "/api/x", bytes.NewReader([]byte(body)))
		r.Header.Set("Content-Type", contentType)
		a, tok, err := ParseArgs(httptest.NewRecorder(), r, false)
		if _, in := a["token"]; in || tok != "" && strings.HasPrefix(contentType, "application/json") {
			t.Errorf("args %v, token %q, %v", a, tok, err)
		}
	})
}
