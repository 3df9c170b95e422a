package bot

import (
	"strings"
	"testing"
)

func TestTokenErrorSaysWhatToDo(t *testing.T) {
	for _, tt := range []struct{ variable, code, want string }{
		{"SLACK_BOT_TOKEN", "invalid_auth", "copy the token again from your app's page, under OAuth & Permissions"},
		{"SLACK_APP_TOKEN", "invalid_auth", "copy the token again from your app's page, under Basic Information → App-Level Tokens"},
		{"SLACK_APP_TOKEN", "not_allowed_token_type", "app-level tokens with xapp-"},
		{"SLACK_APP_TOKEN", "missing_scope", "lacks the scope connections:write"},
		{"SLACK_BOT_TOKEN", "missing_scope", "compare your app with the manifest"},
	} {
		got := (&TokenError{Variable: tt.variable, Code: tt.code}).Error()
		if !strings.Contains(got, tt.want) || !strings.Contains(got, tt.variable) || !strings.Contains(got, tt.code) {
			t.Errorf("%s of %s says %q, want %q", tt.code, tt.variable, got, tt.want)
		}
	}
}
