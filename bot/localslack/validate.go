package localslack

import "strings"

// blocksValidate checks blocks, a message or a view and carries nothing out
// (https://docs.slack.dev/reference/methods/blocks.validate). Exactly one of the
// arguments must be there.
func blocksValidate(c *call) (answer, error) {
	given := 0
	for _, name := range []string{"blocks", "message", "view"} {
		if c.has(name) {
			given++
		}
	}
	if given != 1 {
		return nil, apiErr("invalid_arguments", "[ERROR] provide exactly one of blocks, view, or message")
	}
	switch {
	case c.has("blocks"):
		_, err := checkBlocks(c.args["blocks"], messageSurface)
		return answer{}, validation("invalid_blocks", "/blocks", err)
	case c.has("view"):
		_, err := c.w.parseView([]byte(c.args["view"]), nil)
		return answer{}, validation("invalid_view", "/view", err)
	}
	in := args{}
	if err := addJSON(in, []byte(c.args["message"])); err != nil {
		return nil, apiErr("invalid_arguments", "[ERROR] must be a JSON object [json-pointer:/message]")
	}
	t, err := in.content()
	if err == nil && t.empty() {
		err = apiErr("no_text")
	}
	return answer{}, validation("invalid_message", "", err)
}

// validation returns err as an error with the field errors. The pointers lack
// prefix.
func validation(code, prefix string, err error) error {
	if err == nil {
		return nil
	}
	e := asError(err)
	v := &Error{Code: code}
	for _, m := range e.Messages {
		what, at, _ := strings.Cut(strings.TrimPrefix(m, "[ERROR] "), " [json-pointer:")
		v.wrong = append(v.wrong, wrongPart{
			Pointer: strings.TrimPrefix(strings.TrimSuffix(at, "]"), prefix), Code: "failed_constraint", Message: what,
		})
	}
	if v.wrong == nil {
		v.wrong = []wrongPart{{Code: e.Code, Message: e.Code}}
	}
	return v
}

// wrongPart is an element of the field errors.
type wrongPart struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}
