package localslack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// A bot written with slack-go posts to a channel. The test says what a person
// does, and looks at what stands in the channel.
func Example() {
	w := localslack.New(localslack.Options{})
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	bot := w.Install(localslack.FullApp("greeter"))
	ada := w.AddUser("Ada")
	general := w.AddChannel("general", false, ada, bot.BotUserID)
	client := slack.New(bot.BotToken, slack.OptionAPIURL(server.URL+"/api/"))

	ts, err := w.Post(ada, localslack.Post{Channel: general, Text: "Good morning"})
	if err != nil {
		fmt.Println(err)
	}
	_, _, err = client.PostMessage(general, slack.MsgOptionText("Good morning, Ada", false), slack.MsgOptionTS(ts))
	if err != nil {
		fmt.Println(err)
	}
	for _, m := range w.Messages(general) {
		fmt.Println(m.Text, "| in a thread:", m.ThreadTS == ts && m.TS != ts)
	}
	// Output:
	// Good morning | in a thread: false
	// Good morning, Ada | in a thread: true
}

// The first post is carried out and its answer is lost. A bot that posts again
// posts twice.
func ExampleWorkspace_Fail() {
	w := localslack.New(localslack.Options{})
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	bot := w.Install(localslack.FullApp("greeter"))
	general := w.AddChannel("general", false, bot.BotUserID)
	client := slack.New(bot.BotToken, slack.OptionAPIURL(server.URL+"/api/"))

	w.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Applied: true, Reset: true})
	w.Fail(localslack.Fault{Method: "chat.postMessage", After: 1, Times: 1, Status: 429, RetryAfter: 30 * time.Second})
	for range 3 {
		_, _, err := client.PostMessage(general, slack.MsgOptionText("hello", false))
		if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
			fmt.Println("try again after", limited.RetryAfter)
			break
		}
		fmt.Println("failed:", err != nil)
	}
	fmt.Println("messages:", len(w.Messages(general)))
	// Output:
	// failed: true
	// failed: false
	// try again after 30s
	// messages: 2
}

// The app has the scopes and the commands of its manifest and nothing else.
func ExampleParseManifest() {
	app, err := localslack.ParseManifest([]byte(`
display_information: {name: Greeter}
features:
  bot_user: {display_name: greeter}
  slash_commands: [{command: /greet, description: Says hello}]
oauth_config: {scopes: {bot: [commands]}}
settings: {socket_mode_enabled: true}
`))
	if err != nil {
		fmt.Println(err)
	}
	w := localslack.New(localslack.Options{})
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	bot := w.Install(app)
	ada := w.AddUser("Ada")
	general := w.AddChannel("general", false, ada, bot.BotUserID)

	client := slack.New(bot.BotToken, slack.OptionAPIURL(server.URL+"/api/"))
	_, _, err = client.PostMessage(general, slack.MsgOptionText("hello", false))
	fmt.Println(err)
	fmt.Println(w.Command(context.Background(), ada, general, "/greet", ""))
	// Output:
	// missing_scope
	// localslack: dispatch_failed
}
