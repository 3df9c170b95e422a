package localslack_test

import (
	"testing"
	"testing/synctest"
)

func TestBlocksValidate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		for name, value := range map[string]string{
			"blocks":  `[{"type":"section","text":{"type":"plain_text","text":"x"}}]`,
			"message": `{"text":"x","blocks":[{"type":"divider"}]}`,
			"view":    askWindow,
		} {
			s.ok("blocks.validate", name, value)
		}
		if n := len(s.w.Messages(s.channel)); n != 2 { // the scene's own
			t.Errorf("%d messages after it", n)
		}
		for name, tc := range map[string]struct{ arg, value, pointer, code string }{
			"a block":   {"blocks", `[{"type":"section","text":{"type":"odd","text":"x"}}]`, "/0/text/type", "failed_constraint"},
			"a message": {"message", `{"blocks":[{"type":"image","image_url":"https://a.b/c"}]}`, "/blocks/0/alt_text", "failed_constraint"},
			"too long":  {"blocks", markdownBlocks(bulk(6_001), bulk(6_001)), "", "msg_blocks_too_long"},
		} {
			r := s.bot("blocks.validate", tc.arg, tc.value)
			list, _ := r.body["errors"].([]any)
			if len(list) != 1 || str(list[0], "pointer") != tc.pointer || str(list[0], "code") != tc.code || str(list[0], "message") == "" {
				t.Errorf("%s: %v", name, r.body)
			}
		}
	})
}
