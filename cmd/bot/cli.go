package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slackocr/cmd/bot/internal/settings"
)

// newCommandLine returns the root command with all sub-commands.
func newCommandLine(sys system) *cobra.Command {
	serving := runCommand(sys)
	root := &cobra.Command{
		Use:   "bot",
		Short: "Reads the pictures that people post in Slack",
		Long: `bot reads the pictures and PDFs that people post in Slack, and answers with
their text. Without a command it does what "bot run" does.

Settings come from the environment and from .env in the current folder.
Start with "bot demo", which needs no account, or with "bot check".`,
		Version: version(),
		Args:    knownCommand,
		RunE:    serving.RunE,
		// exitStatus prints errors.
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetOut(sys.stdout)
	root.SetErr(sys.stderr)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(serving, demoCommand(sys), checkCommand(sys), manifestCommand(sys),
		ocrCommand(sys), healthCommand(sys), versionCommand(sys))
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Short = "Print a completion script for your shell"
		completion.Args = knownCommand
		completion.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
	}
	return root
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		RunE: func(_ *cobra.Command, args []string) error {
			command, rest, err := root.Find(args)
			if err == nil && command.HasSubCommands() {
				err = knownCommand(command, rest)
			}
			if err != nil {
				return err
			}
			command.InitDefaultHelpFlag()
			return command.Help()
		},
	}
}

// usageError means that the command line is wrong.
type usageError struct {
	command *cobra.Command
	problem string
}

func (e usageError) Error() string {
	return fmt.Sprintf("%s\n\"%s --help\" shows how it is used.", e.problem, e.command.CommandPath())
}

// errSaid is the error of a command that has printed the reason already.
var errSaid = errors.New("failed, as said above")

// exitStatus prints the error of a command, or all problems of the settings,
// and returns the exit status.
func exitStatus(err error, stderr io.Writer) int {
	usage, isUsage := errors.AsType[usageError](err)
	problems, areProblems := errors.AsType[settings.Problems](err)
	switch {
	case err == nil:
		return statusOK
	case errors.Is(err, errSaid):
		return statusFailed
	case isUsage:
		fmt.Fprintln(stderr, usage)
		return statusUsage
	case areProblems:
		fmt.Fprintln(stderr, "Some settings need your attention (in the environment or in .env; .env.example explains each):")
		for _, line := range problems {
			fmt.Fprintln(stderr, "  "+line)
		}
		return statusUsage
	}
	fmt.Fprintln(stderr, settings.WithoutAddresses(err))
	return statusFailed
}

// knownCommand returns an error if a command with sub-commands gets arguments,
// since the first of them is then no known sub-command.
func knownCommand(parent *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usageError{parent, fmt.Sprintf("There is no command \"%s %s\".%s", parent.CommandPath(), args[0], suggestion(args[0], "", names))}
}

func noArguments(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{command, fmt.Sprintf("\"%s\" takes no argument, so %q means nothing to it.", command.CommandPath(), args[0])}
}

// flagError rewords the errors of the flag parser.
func flagError(command *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		given := "--" + unknown.GetSpecifiedName()
		if letters := unknown.GetSpecifiedShortnames(); letters != "" {
			given = "-" + letters
		}
		name, _, _ := strings.Cut(strings.TrimLeft(given, "-"), "=")
		var names []string
		command.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		return usageError{command, fmt.Sprintf("\"%s\" has no flag %s.%s", command.CommandPath(), given, suggestion(name, "--", names))}
	}
	text := err.Error()
	return usageError{command, strings.ToUpper(text[:1]) + text[1:] + "."}
}

// suggestion returns a question with the known name nearest to a mistyped one,
// or "".
func suggestion(mistyped, prefix string, known []string) string {
	candidates := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range known {
		candidates.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	likely := candidates.SuggestionsFor(mistyped)
	if len(likely) == 0 {
		return ""
	}
	return fmt.Sprintf(" Did you mean %s?", prefix+strings.Join(likely, " or "+prefix))
}

func versionCommand(sys system) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and the Go release of this program",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(sys.stdout, "bot version %s\n", version())
			return err
		},
	}
}
