package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slackocr/cmd/bot/internal/settings"
)

// healthTime bounds the request, below the time-outs of container runtimes.
const healthTime = 4 * time.Second

func healthCommand(sys system) *cobra.Command {
	return &cobra.Command{
		Use:   "health [ADDR]",
		Short: "Ask a running bot whether it is healthy",
		Long: `Asks a running bot whether it is healthy, for the health checks of containers, and
prints its answer. ADDR is its LISTEN_ADDR, or a web address such as
http://127.0.0.1:8080/readyz; without it LISTEN_ADDR comes from the settings.

The exit status is 0 if the bot is healthy, and 1 if not.`,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{command, "\"bot health\" asks one address. Example: bot health http://127.0.0.1:8080/readyz"}
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			return health(command.Context(), strings.Join(args, ""), sys)
		},
	}
}

// health asks a bot for its state. For given see healthURL; if given is empty, the
// settings have the bot's LISTEN_ADDR.
func health(ctx context.Context, given string, sys system) error {
	if given == "" {
		c, err := settings.Load(sys.environ, ".env", settings.NeedMonitor)
		if err != nil {
			return err
		}
		if given = c.ListenAddr; given == "" {
			return errors.New("LISTEN_ADDR is not set, so there is nobody to ask. Example: LISTEN_ADDR=" + settings.Example("LISTEN_ADDR"))
		}
	}
	address, err := healthURL(given)
	if err != nil {
		return err
	}
	return askHealth(ctx, address, sys.stdout)
}

// healthURL returns the web address to ask. given is a web address, or the
// LISTEN_ADDR of a bot; if that means all addresses of a machine, the bot is on
// this machine. If given has no path, the path is /healthz.
func healthURL(given string) (string, error) {
	address, whole := given, strings.Contains(given, "://")
	if !whole {
		address = "http://" + given
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || !whole && u.Port() == "" {
		return "", errors.New("health: neither a web address nor an address with a port. Example: 127.0.0.1:8080")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "" || ip.IsUnspecified() {
		host := "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
		u.Host = net.JoinHostPort(host, u.Port())
	}
	u.Path = cmp.Or(u.Path, "/healthz")
	return u.String(), nil
}

// askHealth copies the answer to out. Unless the status is 200, askHealth
// returns an error.
func askHealth(ctx context.Context, address string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("health: not a web address")
	}
	client := http.Client{
		Transport:     &http.Transport{Proxy: nil, DisableKeepAlives: true}, // a proxy is another machine
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the address, which may hold a password
	}
	if err != nil {
		return fmt.Errorf("the bot doesn't answer: %w", err)
	}
	defer response.Body.Close()
	_, err = io.Copy(out, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the bot answers %s", response.Status)
	}
	return err
}
