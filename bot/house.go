package bot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/post"
)

const (
	// maxPeople bounds the number of people whose workspaces are cached.
	maxPeople = 10_000
	// knownFor is the lifetime of a cache entry: people rarely change
	// workspaces.
	knownFor = time.Hour
)

// people decides who may ask: members of the house, or everybody.
type people struct {
	house    ask.House
	everyone bool // people of other workspaces may ask too
	desk     *post.Client
	log      *slog.Logger

	mu    sync.Mutex // guards known
	known map[string]cachedPerson
}

// cachedPerson is the cached answer of users.info about a person.
type cachedPerson struct {
	foreign bool
	until   time.Time
}

func newPeople(house ask.House, everyone bool, desk *post.Client, log *slog.Logger) *people {
	return &people{house: house, everyone: everyone, desk: desk, log: log, known: map[string]cachedPerson{}}
}

// foreign reports whether a person may not ask. team is the person's workspace
// in an event or a press. If team does not decide, foreign asks Slack, at most
// once an hour for each person. Without the scope or the right to see the
// person, the person counts as foreign: the operator wants no others.
func (p *people) foreign(ctx context.Context, person, team string) (bool, error) {
	switch belongs := p.house.Of(team); {
	case p.everyone || belongs == ask.Ours:
		return false, nil
	case belongs == ask.Foreign:
		return true, nil
	}
	if foreign, ok := p.recall(person); ok {
		return foreign, nil
	}
	user, err := p.desk.User(ctx, person)
	switch code := post.Code(err); {
	case code == "missing_scope":
		p.log.Warn("without the scope users:read, people from other workspaces cannot be told from our own")
		return true, nil
	case code == "user_not_found", code == "user_not_visible":
		return true, nil
	case err != nil:
		return false, fmt.Errorf("looking at a person: %w", err)
	}
	foreign := p.house.OfUser(user) == ask.Foreign
	p.remember(person, foreign)
	return foreign, nil
}

func (p *people) recall(person string) (foreign, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.known[person]
	return a.foreign, ok && time.Now().Before(a.until)
}

func (p *people) remember(person string, foreign bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxPeople {
		clear(p.known)
	}
	p.known[person] = cachedPerson{foreign, time.Now().Add(knownFor)}
}
