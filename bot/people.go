package bot

import (
	"context"
	"fmt"
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

// people caches the answers of users.info. The zero value is ready to use.
type people struct {
	mu    sync.Mutex // guards known
	known map[string]cachedPerson
}

type cachedPerson struct {
	external bool
	until    time.Time
}

// external reports whether a person belongs to another workspace, so that the
// person may not ask. team is the person's workspace in an event or a press. If
// team does not decide, external asks Slack, at most once an hour for each
// person. Without the scope or the right to see the person, the person counts
// as external: the operator wants no others.
func (b *Bot) external(ctx context.Context, person, team string) (bool, error) {
	switch member := b.intake.workspace.OfTeam(team); {
	case b.config.AllowExternal || member == ask.Member:
		return false, nil
	case member == ask.External:
		return true, nil
	}
	if external, ok := b.people.recall(person); ok {
		return external, nil
	}
	user, err := b.client.User(ctx, person)
	switch code := post.Code(err); {
	case code == "missing_scope":
		b.log.Warn("without the scope users:read, people from other workspaces cannot be told from our own")
		return true, nil
	case code == "user_not_found", code == "user_not_visible":
		return true, nil
	case err != nil:
		return false, fmt.Errorf("looking at a person: %w", err)
	}
	external := b.intake.workspace.OfUser(user) == ask.External
	b.people.remember(person, external)
	return external, nil
}

func (p *people) recall(person string) (external, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cached, ok := p.known[person]
	return cached.external, ok && time.Now().Before(cached.until)
}

func (p *people) remember(person string, external bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) >= maxPeople {
		p.known = map[string]cachedPerson{}
	}
	p.known[person] = cachedPerson{external, time.Now().Add(knownFor)}
}
