package tesseract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// An apiError is an error in the form of OpenAI's API: a status and a body of
// {"error":{"message","type","param","code"}}, in which param and code may be
// null.
type apiError struct {
	Status  int     `json:"-"`
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func (e *apiError) Error() string { return e.Message }

// invalid returns the error for a request that can never be answered. An empty
// param or code becomes null.
func invalid(status int, param, code, format string, args ...any) *apiError {
	e := &apiError{Status: status, Message: fmt.Sprintf(format, args...), Type: "invalid_request_error"}
	if param != "" {
		e.Param = &param
	}
	if code != "" {
		e.Code = &code
	}
	return e
}

func badRequest(param, code, format string, args ...any) *apiError {
	return invalid(http.StatusBadRequest, param, code, format, args...)
}

func badImage(format string, args ...any) *apiError {
	return badRequest("messages", "invalid_image", format, args...)
}

func notFound(path string) *apiError {
	return invalid(http.StatusNotFound, "", "unknown_url", "there is nothing at %q", path)
}

func methodNotAllowed(method string) *apiError {
	return invalid(http.StatusMethodNotAllowed, "", "method_not_allowed", "the method %s is not allowed here", method)
}

func tooLarge(limit int64) *apiError {
	return invalid(http.StatusRequestEntityTooLarge, "", "request_too_large", "the request is over the limit of %d bytes", limit)
}

var (
	errBusy = &apiError{
		Status: http.StatusTooManyRequests, Type: "rate_limit_error", Code: new("rate_limit_exceeded"),
		Message: "too many requests are waiting; try again later",
	}
	errTooSlow = errors.New("reading the picture took too long")
)

// asAPIError returns any error in the API's form. Internal details are left
// out.
func asAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	message := "the picture could not be read"
	if errors.Is(err, errTooSlow) {
		message = errTooSlow.Error()
	}
	return &apiError{Status: http.StatusInternalServerError, Message: message, Type: "server_error", Code: new("internal_error")}
}

type errorBody struct {
	Error *apiError `json:"error"`
}

func writeError(w http.ResponseWriter, err error) {
	e := asAPIError(err)
	writeJSON(w, e.Status, errorBody{e})
}

// writeJSON answers with a JSON value. Errors of the connection are ignored.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // all our types can be marshalled
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
