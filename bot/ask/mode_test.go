package ask

import "testing"

func TestUnderstand(t *testing.T) {
	for in, want := range map[string]struct {
		talk Talk
		mode string
	}{
		"":                                {Read, "markdown"},
		"again":                           {Read, "markdown"},
		"Read this, please!":              {Read, "markdown"},
		"text":                            {Read, "text"},
		"*text*":                          {Read, "text"},
		"_Describe_":                      {Read, "describe"},
		"`figure`":                        {Read, "figure"},
		"“text”":                          {Read, "text"},
		`"describe"`:                      {Read, "describe"},
		"«*text*»":                        {Read, "text"},
		"describe please":                 {Read, "describe"},
		"please, text.":                   {Read, "text"},
		"text!":                           {Read, "text"},
		"locate: R&D":                     {Read, "locate: R&D"},
		"*locate:* total":                 {Read, "locate: total"},
		"*locate*: total":                 {Read, "locate: total"},
		"`locate: total`":                 {Read, "locate: total"},
		"locate: “total net”":             {Read, "locate: total net"},
		"locate: please":                  {Read, "locate: please"},
		"prompt: x < 100":                 {Read, "prompt: x < 100"},
		`prompt: what is "this"?`:         {Read, `prompt: what is "this"?`},
		"help":                            {Help, "markdown"},
		"help!":                           {Help, "markdown"},
		"descibe":                         {Mistyped, "markdown"},
		"desrcibe please":                 {Mistyped, "markdown"},
		"txt":                             {Mistyped, "markdown"},
		"figur":                           {Mistyped, "markdown"},
		"locate total":                    {Mistyped, "markdown"},
		"locate":                          {Mistyped, "markdown"},
		"loacte: total":                   {Mistyped, "markdown"},
		"prompt:":                         {Mistyped, "markdown"},
		"text: me":                        {Mistyped, "markdown"},
		"txet":                            {Mistyped, "markdown"},
		"agian":                           {Mistyped, "markdown"},
		"discribe":                        {Mistyped, "markdown"},
		"téxt":                            {Mistyped, "markdown"},
		"thanks!":                         {Chat, "markdown"},
		"against":                         {Chat, "markdown"},
		"plain":                           {Chat, "markdown"},
		"train: late":                     {Chat, "markdown"},
		"too late":                        {Chat, "markdown"},
		"late again":                      {Chat, "markdown"},
		"local":                           {Chat, "markdown"},
		"future":                          {Chat, "markdown"},
		"allocate":                        {Chat, "markdown"},
		"thanks, again":                   {Chat, "markdown"},
		"hi":                              {Chat, "markdown"},
		"?!":                              {Chat, "markdown"},
		"what a nice text":                {Chat, "markdown"},
		"can you describe what happened?": {Chat, "markdown"},
		"great work 🎉":                    {Chat, "markdown"},
		"“”":                              {Read, "markdown"},
	} {
		if talk, mode := Understand(in); talk != want.talk || mode.String() != want.mode {
			t.Errorf("Understand(%q) = %v, %q, want %v, %q", in, talk, mode, want.talk, want.mode)
		}
	}
}

func TestParseMode(t *testing.T) {
	for in, want := range map[string]string{
		"text": "text", "*text*": "text", " `locate: total` ": "locate: total", "*locate:* total": "locate: total", "Again": "markdown",
	} {
		if mode, ok := ParseMode(in); !ok || mode.String() != want {
			t.Errorf("ParseMode(%q) = %q, %v, want %q", in, mode, ok, want)
		}
	}
	for _, in := range []string{"", "text!", "“text”", "again.", "*text* me", "_again_ and again", "please", "read", "*"} {
		if mode, ok := ParseMode(in); ok {
			t.Errorf("ParseMode(%q) = %q, want none", in, mode)
		}
	}
}
