package tesseract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// An apiError is an error in the form of OpenAI's API: a status and a body of
// {"error":{"message","type","param","code"}}.
type apiError struct {
	Status  int    `json:"-"`
	Message string `json:"message"`
	Type    string `json:"type"`
	Param   any    `json:"param"` // a string or nil
	Code    string `json:"code"`
}

func (e *apiError) Error() string { return e.Message }

// invalid returns the error for a request that can never be answered.
func invalid(status int, code, format string, args ...any) *apiError {
	return &apiError{Status: status, Code: code, Message: fmt.Sprintf(format, args...), Type: "invalid_request_error"}
}

// badRequest returns the error for a request with a wrong field, param, which
// may be empty.
func badRequest(param, code, format string, args ...any) *apiError {
	e := invalid(http.StatusBadRequest, code, format, args...)
	if param != "" {
		e.Param = param
	}
	return e
}

func badImage(format string, args ...any) *apiError {
	return badRequest("messages", "invalid_image", format, args...)
}

var (
	errTooLarge = invalid(http.StatusRequestEntityTooLarge, "request_too_large", "the request is over the limit of %d bytes", maxBody)
	errBusy     = &apiError{
		Status: http.StatusTooManyRequests, Type: "rate_limit_error", Code: "rate_limit_exceeded",
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
	return &apiError{Status: http.StatusInternalServerError, Message: message, Type: "server_error", Code: "internal_error"}
}

func errorBody(err error) object { return object{"error": asAPIError(err)} }

// writeJSON answers with a JSON object. Errors of the connection are ignored.
func writeJSON(w http.ResponseWriter, status int, v object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(encode(v), '\n'))
}

func encode(v object) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // the objects of this package can be encoded
	}
	return body
}
