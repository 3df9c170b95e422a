package main

import (
	"flag"
	"fmt"

	"go.yaml.in/yaml/v3"

	"slackocr/bot"
)

// manifest prints the manifest of the Slack app, in YAML or JSON: Slack takes both.
func manifest(args []string, sys system) int {
	flags := flag.NewFlagSet("manifest", flag.ContinueOnError)
	flags.SetOutput(sys.stderr)
	asJSON := flags.Bool("json", false, "print JSON")
	if flags.Parse(args) != nil {
		return statusUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(sys.stderr, "manifest takes no arguments but -json.\n\n%s", usage)
		return statusUsage
	}
	var err error
	if *asJSON {
		var fields map[string]any
		if err = yaml.Unmarshal(bot.Manifest, &fields); err == nil {
			err = writeJSON(sys.stdout, fields)
		}
	} else {
		_, err = sys.stdout.Write(bot.Manifest)
	}
	if err != nil {
		return fail(sys.stderr, err)
	}
	return statusOK
}

// botScopes are the scopes that this version needs.
func botScopes() ([]string, error) {
	var m struct {
		OAuthConfig struct {
			Scopes struct {
				Bot []string `yaml:"bot"`
			} `yaml:"scopes"`
		} `yaml:"oauth_config"`
	}
	err := yaml.Unmarshal(bot.Manifest, &m)
	return m.OAuthConfig.Scopes.Bot, err
}
