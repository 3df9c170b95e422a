package localslack

import (
	"encoding/json"
	"net/http"
	"time"

	"slackocr/bot/localslack/internal/webapi"
)

const (
	hookLife = 30 * time.Minute // of a response_url
	hookUses = 5
)

// responseHook is a response_url
// (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses).
type responseHook struct {
	app  *app
	conv *conversation
	user string
	ts   string // ts of the message with the element, or "" for a command
	uses int
}

func (w *Workspace) newHook(a *app, c *conversation, user, ts string) string {
	key := secret()
	w.hooks.Add(key, &responseHook{app: a, conv: c, user: user, ts: ts})
	return w.base(a) + "/response/" + key
}

// serveResponse handles POST /response/KEY: five uses in 30 minutes. No scope
// and no membership is needed.
func (w *Workspace) serveResponse(rw http.ResponseWriter, r *http.Request) {
	a, _, err := webapi.ParseArgs(rw, r, false)
	if err == nil {
		err = w.useHook(r.PathValue("key"), a)
	}
	log := Call{Time: time.Now(), Method: "response_url", Token: string(noToken), Args: a, Status: http.StatusOK}
	if err != nil {
		log.Error = webapi.AsError(err).Code
		log.Status = http.StatusNotFound
		http.Error(rw, log.Error, log.Status)
	} else {
		_, _ = rw.Write([]byte("ok"))
	}
	w.record(log)
}

func (w *Workspace) useHook(key string, a webapi.Args) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	h, ok := w.hooks.Get(key)
	if !ok {
		return webapi.Err("expired_url")
	}
	if h.uses++; h.uses > hookUses {
		return webapi.Err("used_url")
	}
	return w.respond(h.app, h.conv, h.user, h.ts, a)
}

// respond carries out the body of a response_url or an ack: a message to the
// person or, with response_type in_channel, to everybody; or a change of the
// original message, which may be ephemeral.
func (w *Workspace) respond(a *app, c *conversation, user, ts string, in webapi.Args) error {
	old, private := c.message(ts), w.findWhisper(c, user, ts)
	if in.Bool("delete_original") {
		if old != nil {
			w.remove(c, old)
		}
		w.unwhisper(c, user, ts)
		return nil
	}
	t, err := contentOf(in)
	if err != nil {
		return err
	}
	if t.empty() {
		return webapi.Err("no_text")
	}
	m := w.newMessage(a, t)
	if in.Bool("replace_original") && private >= 0 {
		m.TS, m.ThreadTS = ts, w.private[private].m.ThreadTS
		w.whisper(c, user, m)
		return nil
	}
	if in.Bool("replace_original") && old != nil {
		changed := old.clone()
		changed.Text, changed.Blocks, changed.Attachments = m.Text, m.Blocks, m.Attachments
		w.replaceAndEmit(c, old, changed)
		return nil
	}
	parent, err := threadOf(c, in["thread_ts"])
	if err != nil {
		return err
	}
	if parent != nil {
		m.ThreadTS = parent.TS
	}
	m.TS = w.newTS()
	if in["response_type"] == "in_channel" {
		w.append(c, m)
	} else {
		w.whisper(c, user, m)
	}
	return nil
}

// answerCommand carries out the payload of an ack, if there is one.
func (w *Workspace) answerCommand(a *app, c *conversation, user string, payload json.RawMessage) error {
	in := webapi.Args{}
	var text string
	switch {
	case len(payload) == 0:
		return nil
	case json.Unmarshal(payload, &text) == nil: // a bare string is the text
		in["text"] = text
	case in.AddJSON(payload) != nil:
		return nil
	}
	if !in.Has("text") && !in.Has("blocks") {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.respond(a, c, user, "", in)
}
