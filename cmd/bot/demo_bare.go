package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"slackocr/bot/localslack"
)

// bareOptions describe a workspace without this bot.
type bareOptions struct {
	manifest string   // a file; "" means an app with all permissions
	faults   []string // in the form of localslack.ParseFault
	modes    []string // names for Workspace.SwitchOn
}

// demoBare serves a workspace without this bot on l until ctx ends, so that
// another bot can be tried on it.
func demoBare(ctx context.Context, l net.Listener, o bareOptions, sys system) error {
	defer l.Close()
	address := "http://" + l.Addr().String()
	ws := localslack.New(localslack.Options{
		Name: "Local", URL: address,
		Note: "Any Slack bot can be tried here. It needs the address and the tokens that `bot demo --bare` has printed.",
	})
	app := localslack.FullApp("bot")
	if o.manifest != "" {
		text, err := os.ReadFile(o.manifest)
		if err != nil {
			return err
		}
		if app, err = localslack.ParseManifest(text); err != nil {
			return fmt.Errorf("%s: %w", o.manifest, err)
		}
	}
	if err := ws.SwitchOn(o.modes...); err != nil {
		return err
	}
	for _, text := range o.faults {
		fault, err := localslack.ParseFault(text)
		if err != nil {
			return err
		}
		ws.Fail(fault)
	}
	you, grace := ws.AddUser("you"), ws.AddUser("grace")
	tokens := ws.Install(app)
	ws.AddChannel("general", false, you, grace, tokens.BotUserID)
	ws.AddChannel("random", false, you, grace)
	ws.AddDM(you, tokens.BotUserID)
	fmt.Fprintf(sys.stdout, `A Slack workspace for your bot, on this machine. Give the bot these settings:

SLACK_API_URL=%s/api/
SLACK_BOT_TOKEN=%s
SLACK_APP_TOKEN=%s

Open %s to write to it. It is in #general. Ctrl-C stops the workspace.
`, address, tokens.BotToken, tokens.AppToken, address)
	return ws.Serve(ctx, l)
}
