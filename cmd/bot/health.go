package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// healthTime bounds the question, under what container runtimes wait.
const healthTime = 4 * time.Second

// health asks a running bot how it is, for the health checks of containers,
// which have no other program to ask with. It takes an address to ask, or the
// LISTEN_ADDR of the bot, which comes from the settings where there is none.
func health(ctx context.Context, args []string, sys system) int {
	if len(args) > 1 {
		fmt.Fprintf(sys.stderr, "health takes one address at most. Example: bot health http://127.0.0.1:8080/readyz\n\n%s", usage)
		return statusUsage
	}
	where := ""
	if len(args) > 0 {
		where = args[0]
	} else {
		c, err := loadConfig(sys.environ, ".env", needMonitor)
		if err != nil {
			return complain(sys.stderr, err)
		}
		if where = c.ListenAddr; where == "" {
			return fail(sys.stderr, errors.New("LISTEN_ADDR is not set, so there is nobody to ask. Example: LISTEN_ADDR="+example("LISTEN_ADDR")))
		}
	}
	address, err := healthURL(where)
	if err == nil {
		err = askHealth(ctx, address, sys.stdout)
	}
	if err != nil {
		return fail(sys.stderr, err)
	}
	return statusOK
}

// healthURL is the address to ask: where itself if it is one, else /healthz of a
// LISTEN_ADDR, on this machine where that names all its addresses.
func healthURL(where string) (string, error) {
	if strings.Contains(where, "://") {
		u, err := url.Parse(where)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return "", errors.New("health: not a web address. Example: http://127.0.0.1:8080/readyz")
		}
		if u.Path == "" {
			u.Path = "/healthz"
		}
		return u.String(), nil
	}
	host, port, err := net.SplitHostPort(where)
	if err != nil {
		return "", errors.New("health: neither a web address nor an address with a port. Example: 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return "http://" + net.JoinHostPort(host, port) + "/healthz", nil
}

// askHealth copies the answer to out. It fails unless that is 200.
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
		return fmt.Errorf("the bot does not answer: %w", err)
	}
	defer response.Body.Close()
	_, err = io.Copy(out, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the bot answers %s", response.Status)
	}
	return err
}
