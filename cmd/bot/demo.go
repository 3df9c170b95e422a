package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr/page/pagetest"
	"slackocr/ocr/tempfile"
	"slackocr/ocr/tesseract"
)

// demoAddr is tried first, so that the address is usually the same.
const demoAddr = "127.0.0.1:8421"

func demoCommand(sys system) *cobra.Command {
	command := &cobra.Command{
		Use:   "demo",
		Short: "Try the bot on this machine, with a small workspace and an OCR engine",
		Long: `Starts a small workspace with a web page, a local OCR engine (tesseract) and the
bot, and prints the address of the page. You don't have to set anything up, and nothing
leaves this machine, unless MODELVERSE_API_KEY, OCR_API_KEY or OCR_BASE_URL names an
endpoint to read with.

With --bare it starts the workspace alone, for any Slack bot, and prints the address of
its API and the tokens of an app. See docs/LOCALSLACK.md.`,
		Args: noArguments,
	}
	addr := command.Flags().String("addr", demoAddr, "address of the page, on this machine")
	modes := command.Flags().StringSlice("slack", nil, "behave as only some Slack workspaces do: "+strings.Join(localslack.Modes(), ", "))
	_ = command.RegisterFlagCompletionFunc("slack", cobra.FixedCompletions(localslack.Modes(), cobra.ShellCompDirectiveNoFileComp))
	bare := command.Flags().Bool("bare", false, "start the workspace alone, to try another bot")
	manifest := command.Flags().String("manifest", "", "with --bare: file with the app's manifest (YAML or JSON); without it, the app may do everything")
	faults := command.Flags().StringArray("fault", nil, "with --bare: make calls fail, such as chat.update,status=429,retry-after=30s,times=2; can be repeated")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := localslack.New(localslack.Options{}).SwitchOn(*modes...); err != nil {
			return usageError{command, "--slack: " + err.Error() + "."}
		}
		bareOptions := bareOptions{manifest: *manifest, modes: *modes}
		for _, text := range *faults {
			fault, err := localslack.ParseFault(text)
			if err != nil {
				return usageError{command, "--fault: " + err.Error() + "."}
			}
			bareOptions.faults = append(bareOptions.faults, fault)
		}
		if !*bare && (*manifest != "" || len(*faults) > 0) {
			return usageError{command, "--manifest and --fault go with --bare."}
		}
		if *bare {
			l, err := listenDemo(*addr)
			if err != nil {
				return err
			}
			return demoBare(command.Context(), l, bareOptions, sys)
		}
		return demo(command.Context(), *addr, *modes, sys)
	}
	return command
}

// demo runs a local workspace, an OCR engine unless the settings name an
// endpoint, and the bot, until ctx ends. Real Slack tokens are not used.
func demo(ctx context.Context, addr string, modes []string, sys system) error {
	needModel := func(c *settings.Config, wrong *settings.Problems) {
		if c.HasEndpoint() {
			settings.NeedModel(c, wrong)
		}
	}
	c, err := settings.Load(sys.environ, ".env", settings.NeedLog, settings.NeedPlaces, settings.NeedLimits, settings.NeedMonitor, needModel)
	if err != nil {
		return err
	}
	l, err := listenDemo(addr)
	if err != nil {
		return err
	}
	if c.LogLevel == settings.Default("LOG_LEVEL") {
		c.LogLevel = "warn" // the page is the thing to look at
	}
	return demoOn(ctx, l, c, modes, c.Logger(sys.stderr), sys)
}

// listenDemo listens on addr, or on any port if the usual port is in use.
func listenDemo(addr string) (net.Listener, error) {
	if host, _, err := net.SplitHostPort(addr); err != nil || !settings.Loopback(host) {
		return nil, fmt.Errorf("the page is for this machine alone: %q is no loopback address. Example: --addr=%s", addr, demoAddr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil && addr == demoAddr {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	return l, err
}

// demoOn serves the workspace on l, with the given modes switched on. The
// servers end after the bot, which needs them for its last messages.
func demoOn(ctx context.Context, l net.Listener, c settings.Config, modes []string, log *slog.Logger, sys system) (err error) {
	defer l.Close()
	serving, stopServers := context.WithCancel(context.WithoutCancel(ctx))
	all, servers := errgroup.WithContext(serving)
	defer func() {
		stopServers()
		err = errors.Join(err, all.Wait())
	}()
	ctx, stopBot := context.WithCancel(ctx)
	defer context.AfterFunc(servers, stopBot)() // without the servers the bot would wait for ever
	engine, reader := "", fmt.Sprintf("%s at %s", c.OCRModel, c.OCRBaseURL)
	if !c.HasEndpoint() {
		base, languages, err := serveTesseract(servers, all, c.OCRLanguages, log)
		if err != nil {
			return err
		}
		c.OCRBaseURL, c.OCRModel = base, "tesseract"
		engine = "tesseract on this machine, in " + languages
		reader = engine + "; set `MODELVERSE_API_KEY` to read with DeepSeek-OCR"
	}
	address := "http://" + l.Addr().String()
	c.SlackAPIURL = address + "/api/"
	ws := localslack.New(localslack.Options{Name: "Demo", URL: address, Log: log, Note: "Read by " + reader + "."})
	welcome, err := seedWorkspace(ws, &c)
	if err = errors.Join(err, ws.SwitchOn(modes...)); err != nil {
		return err
	}
	all.Go(func() error { return ws.Serve(servers, l) })
	all.Go(func() error {
		// The bot must listen first: Slack sends an event that nobody takes
		// again only a minute later.
		if ws.Wait(servers, func() bool { return ws.Connections() > 0 }) != nil {
			return nil // stopped before
		}
		return welcome()
	})

	model, err := c.NewModel()
	if err != nil {
		return err
	}
	c.NATSURL = ""
	removeLeftovers()
	if c.DataDir, err = os.MkdirTemp("", demoFolder); err != nil {
		return err
	}
	defer os.RemoveAll(c.DataDir)
	fmt.Fprintf(sys.stdout, "Open %s and drop a picture of text into the page.\nRead by %s.\nCtrl-C stops it.\n", address, reader)
	return runBot(ctx, c, engine, model, log)
}

// bareOptions describe a workspace without this bot.
type bareOptions struct {
	manifest string // a file; "" means an app with all permissions
	faults   []localslack.Fault
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
	for _, fault := range o.faults {
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

// demoFolder is the pattern of a demo's folder for temporary files.
const demoFolder = "slackocr-demo-*"

// week is the age from which on no demo uses a folder.
const week = 7 * 24 * time.Hour

// removeLeftovers removes the folders that killed demos left. A demo that runs
// for more than a week loses its jobs.
func removeLeftovers() {
	for _, pattern := range []string{demoFolder, tesseract.FolderPattern} {
		tempfile.RemoveLeftovers(pattern, week)
	}
}

// seedWorkspace fills an empty workspace: you, a colleague, some channels and the
// bot, whose tokens are set in c. The returned function posts the colleague's
// pictures.
func seedWorkspace(ws *localslack.Workspace, c *settings.Config) (welcome func() error, err error) {
	manifest, err := localslack.ParseManifest(bot.Manifest)
	if err != nil {
		return nil, err
	}
	you, grace := ws.AddUser("you"), ws.AddUser("grace")
	app := ws.Install(manifest)
	c.SlackBotToken, c.SlackAppToken = app.BotToken, app.AppToken
	general := ws.AddChannel("general", false, you, grace, app.BotUserID)
	ws.AddChannel("receipts", false, you, grace, app.BotUserID)
	ws.AddChannel("private-notes", true, you, app.BotUserID)
	ws.AddDM(you, app.BotUserID)
	return func() error {
		_, err := ws.Post(grace, localslack.Post{
			Channel: general, Text: "The chairs are mended. The text of the invoice is in the thread. Drop a picture of yours anywhere on this page.",
			Files: []localslack.Upload{{Name: "invoice.png", Data: pagetest.PNG(pagetest.Invoice, pagetest.Layout{})}},
		})
		if err != nil {
			return err
		}
		_, err = ws.Post(grace, localslack.Post{
			Channel: general, Text: "And these three are from my trip: a tea house in Beijing, the flat in Cologne, and a lighthouse.",
			Files: []localslack.Upload{
				{Name: "teahouse.png", Data: pagetest.ChineseReceiptPNG},
				{Name: "wohnung.jpg", Data: pagetest.Photo(pagetest.Notice, pagetest.Layout{Width: 6, Height: 6})},
				{Name: "lighthouse.png", Data: pagetest.PNG(pagetest.Article, pagetest.Layout{})},
			},
		})
		return err
	}, nil
}

// serveTesseract serves the local OCR engine until ctx ends. It returns the
// engine's base address, and the names of its languages.
func serveTesseract(ctx context.Context, all *errgroup.Group, codes string, log *slog.Logger) (base, languages string, err error) {
	wanted := strings.FieldsFunc(codes, func(r rune) bool { return strings.ContainsRune(",+ ", r) })
	engine, err := tesseract.New(tesseract.Options{Languages: wanted, Log: log})
	if err != nil {
		return "", "", fmt.Errorf("%w\nOr read with the real model: set MODELVERSE_API_KEY", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	server := &http.Server{Handler: engine, ReadHeaderTimeout: 10 * time.Second}
	all.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	all.Go(func() error {
		<-ctx.Done()
		return server.Close() // nobody waits for an answer
	})
	return "http://" + l.Addr().String() + "/v1", engine.Languages(), nil
}
