package main

import (
	"io"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"slackocr/bot"
)

func manifestCommand(sys system) *cobra.Command {
	command := &cobra.Command{
		Use:   "manifest",
		Short: "Print the manifest of the Slack app",
		Long: `Prints the manifest that api.slack.com/apps takes under "Create New App", "From a
manifest": the name, the scopes, the events and the commands of the Slack app.`,
		Args: noArguments,
	}
	asJSON := command.Flags().Bool("json", false, "print JSON instead of YAML")
	command.RunE = func(*cobra.Command, []string) error { return manifest(*asJSON, sys.stdout) }
	return command
}

// manifest prints the manifest of the Slack app, in YAML or JSON; Slack
// accepts both.
func manifest(asJSON bool, stdout io.Writer) error {
	if !asJSON {
		_, err := stdout.Write(bot.Manifest)
		return err
	}
	var fields map[string]any
	if err := yaml.Unmarshal(bot.Manifest, &fields); err != nil {
		return err
	}
	return writeJSON(stdout, fields)
}
