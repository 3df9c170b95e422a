package localslack

import (
	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/webapi"
)

// blocksValidate checks blocks, a message or a view and carries nothing out
// (https://docs.slack.dev/reference/methods/blocks.validate). Exactly one of the
// arguments must be there.
func blocksValidate(c *call) (answer, error) {
	given := 0
	for _, name := range []string{"blocks", "message", "view"} {
		if c.Has(name) {
			given++
		}
	}
	if given != 1 {
		return nil, webapi.Err("invalid_arguments", "[ERROR] provide exactly one of blocks, view, or message")
	}
	switch {
	case c.Has("blocks"):
		_, err := blockkit.Check(c.Args["blocks"], blockkit.Message)
		return answer{}, webapi.Validation("invalid_blocks", "/blocks", err)
	case c.Has("view"):
		_, err := c.w.parseView([]byte(c.Args["view"]), nil)
		return answer{}, webapi.Validation("invalid_view", "/view", err)
	}
	in := webapi.Args{}
	if err := in.AddJSON([]byte(c.Args["message"])); err != nil {
		return nil, webapi.Err("invalid_arguments", "[ERROR] must be a JSON object [json-pointer:/message]")
	}
	t, err := contentOf(in)
	if err == nil && t.empty() {
		err = webapi.Err("no_text")
	}
	return answer{}, webapi.Validation("invalid_message", "", err)
}
