package localslack

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"slackocr/bot/localslack/internal/expiring"
	"slackocr/bot/localslack/internal/socketmode"
)

// Options are the options of New. The zero value is valid.
type Options struct {
	Name string // the team's name; "" means "Local"
	// URL is the absolute base of the links in responses and events, such as
	// "http://127.0.0.1:8080". If "", a response uses its request's Host, and
	// an event the Host that its app last called.
	URL string
	Log *slog.Logger // nil disables the log
	// Note is a text in Slack's mrkdwn. The page shows it below the list of
	// channels, if it is not "".
	Note string
	// Redelivery holds the delays after which an event is sent again. nil
	// means Slack's schedule: at once, after a minute, after five minutes.
	// Tests in real time may want a shorter schedule.
	Redelivery []time.Duration
	// AckTime is the time that an app has for an ack, and for a window after what
	// a person did. 0 means Slack's 3 s. Tests in real time on a busy machine may
	// want more.
	AckTime time.Duration
}

// Workspace is a Slack workspace with its apps, people and messages. All
// methods are safe for concurrent use.
type Workspace struct {
	opts    Options
	log     *slog.Logger
	sockets *socketmode.Hub
	faults  faults

	mu                      sync.Mutex // guards everything below; never held during I/O
	changed                 chan struct{}
	behaviour               Behaviour
	team                    teamInfo
	enterprise              *enterprise // nil without organization
	partner                 string      // the team of a partner's people
	partnerOrg, partnerTeam string      // of people of a partner with an organisation
	lastID                  int64
	lastTS                  int64 // microseconds
	users                   map[string]*userObject
	convs                   map[string]*conversation
	apps                    map[string]*app
	tokens                  map[string]*token
	files                   map[string]*storedFile
	deleted                 map[string]*storedFile // without content; the last ones
	stored                  int64                  // bytes of all files
	uploads                 *expiring.Map[*upload]
	triggers                *expiring.Map[*trigger]
	hooks                   *expiring.Map[*responseHook]
	views                   map[string]*View
	calls                   []Call
	ephemerals              []*storedEphemeral
	feed                    feed
	timers                  map[*time.Timer]struct{} // of what happens later
	requests                int                      // requests being served, so that Serve can wait for their end
}

// teamInfo names the workspace.
type teamInfo struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain string `json:"domain"` // its address is https://DOMAIN.slack.com
}

// New returns an empty workspace: no people, no channels, no apps.
func New(o Options) *Workspace {
	o.Name, o.AckTime = cmp.Or(o.Name, "Local"), cmp.Or(o.AckTime, ackTime)
	o.URL = strings.TrimSuffix(o.URL, "/")
	w := &Workspace{
		opts:    o,
		log:     o.Log,
		changed: make(chan struct{}),
		users:   map[string]*userObject{},
		convs:   map[string]*conversation{},
		apps:    map[string]*app{},
		tokens:  map[string]*token{},
		files:   map[string]*storedFile{},
		deleted: map[string]*storedFile{},
		views:   map[string]*View{},
		timers:  map[*time.Timer]struct{}{},
		feed:    feed{readers: map[*reader]struct{}{}},
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	w.sockets = socketmode.New(socketmode.Options{
		Log: w.log, Redelivery: o.Redelivery, AckTime: w.opts.AckTime, Fault: w.faults.takeSocket, Changed: w.wake,
	})
	w.uploads = expiring.New[*upload](uploadLife)
	w.triggers = expiring.New[*trigger](10 * w.opts.AckTime) // kept longer, to tell an expired trigger from an unknown one
	w.hooks = expiring.New[*responseHook](hookLife)
	w.team = teamInfo{ID: w.newID("T"), Name: o.Name, Domain: domainOf(o.Name)}
	w.users[systemUser] = &userObject{ID: systemUser, TeamID: w.team.ID, Name: "slackbot", RealName: "Slackbot", IsBot: true}
	return w
}

// Wait returns nil as soon as cond returns true. Wait calls cond after every
// change of the workspace, so no polling is needed; cond may call any method.
// If ctx ends first, Wait returns the cause.
func (w *Workspace) Wait(ctx context.Context, cond func() bool) error {
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// touch wakes all callers of Wait. The caller must hold mu.
func (w *Workspace) touch() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// wake is touch for a caller that does not hold mu.
func (w *Workspace) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.touch()
}

// newID returns an id in Slack's form: a letter for the kind, then upper-case
// letters and digits. Ids are counted, so that a failed test is easy to read;
// secrets (tokens, tickets) are random.
func (w *Workspace) newID(kind string) string {
	w.lastID++
	n := strings.ToUpper(strconv.FormatInt(w.lastID, 36))
	return kind + idForm + strings.Repeat("0", max(0, 4-len(n))) + n
}

// idForm stands between the kind and the number of an id.
const idForm = "0LOCAL"

// newTS returns the timestamp of a new message: seconds and microseconds,
// greater than every earlier timestamp even if the clock stands still.
func (w *Workspace) newTS() string {
	w.lastTS = max(w.lastTS+1, w.now().UnixMicro())
	return formatTS(w.lastTS)
}

func formatTS(us int64) string {
	return fmt.Sprintf("%010d.%06d", us/1e6, us%1e6)
}

// parseTS returns a timestamp in microseconds. Slack accepts whole seconds
// too.
func parseTS(s string) (us int64, ok bool) {
	sec, frac, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(sec, 10, 40)
	if err != nil || len(frac) > 6 {
		return 0, false
	}
	frac += strings.Repeat("0", 6-len(frac))
	f, err := strconv.ParseUint(frac, 10, 40)
	if err != nil {
		return 0, false
	}
	return int64(n)*1e6 + int64(f), true
}

func secret() string { return rand.Text() }

// inOrder returns the values of a map in the order of their ids: those of a kind
// in the order of their creation.
func inOrder[T any](m map[string]T) []T {
	all := make([]T, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		all = append(all, m[id])
	}
	return all
}

var notInDomain = regexp.MustCompile(`[^a-z0-9-]+`)

// teamURL returns the team's address, without a slash at the end. Permalinks
// start with this address, and auth.test returns it. The page opens such links
// itself.
func (w *Workspace) teamURL() string {
	return "https://" + w.team.Domain + ".slack.com"
}

// domainOf returns a team's domain for its name.
func domainOf(name string) string {
	domain := strings.Trim(notInDomain.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if domain == "" {
		return "local"
	}
	return domain
}

// Permalink returns the address of a message as people copy it:
// https://TEAM.slack.com/archives/C…/p…, with thread_ts and cid for a reply.
// If there is no such message, Permalink returns "".
func (w *Workspace) Permalink(channel, ts string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.convs[channel]
	if c == nil || c.message(ts) == nil {
		return ""
	}
	return w.permalink(c, c.message(ts))
}

func (w *Workspace) permalink(c *conversation, m *Message) string {
	link := fmt.Sprintf("%s/archives/%s/p%s", w.teamURL(), c.info.ID, strings.ReplaceAll(m.TS, ".", ""))
	if m.isReply() {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + c.info.ID
	}
	return link
}
