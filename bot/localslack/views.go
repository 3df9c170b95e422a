package localslack

import (
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/webapi"
)

// View is Slack's view object: a modal or an App Home
// (https://docs.slack.dev/reference/views).
type View struct {
	ID              string          `json:"id"`
	TeamID          string          `json:"team_id"`
	Type            string          `json:"type"`
	Title           json.RawMessage `json:"title,omitempty"`
	Submit          json.RawMessage `json:"submit"`
	Close           json.RawMessage `json:"close"`
	Blocks          json.RawMessage `json:"blocks"`
	CallbackID      string          `json:"callback_id"`
	ExternalID      string          `json:"external_id"`
	PrivateMetadata string          `json:"private_metadata"`
	ClearOnClose    bool            `json:"clear_on_close"`
	NotifyOnClose   bool            `json:"notify_on_close"`
	Hash            string          `json:"hash"`
	State           viewState       `json:"state"`
	RootViewID      string          `json:"root_view_id"`
	PreviousViewID  *string         `json:"previous_view_id"`
	AppID           string          `json:"app_id"`
	InstalledTeamID string          `json:"app_installed_team_id"`
	BotID           string          `json:"bot_id"`

	user   string
	picked map[string][]string // the last choice outside input blocks, by action_id
}

type viewState struct {
	Values map[string]any `json:"values"`
}

const (
	maxViews      = 1000
	maxViewStack  = 3
	maxViewTitle  = 24
	maxViewSize   = 250_000 // bytes
	maxPrivate    = 3000
	maxCallbackID = 255
)

// parseView reads and checks a view. The view may have the external_id of old,
// the view to replace, if any.
func (w *Workspace) parseView(raw string, old *View) (*View, error) {
	if len(raw) > maxViewSize {
		return nil, webapi.Err("view_too_large")
	}
	v := &View{}
	if err := json.Unmarshal([]byte(raw), v); err != nil {
		return nil, webapi.Err("invalid_arguments", "[ERROR] view must be an object [json-pointer:/view]")
	}
	invalid := func(at, what string) error {
		return webapi.Err("invalid_arguments", "[ERROR] "+what+" [json-pointer:/view/"+at+"]")
	}
	switch {
	case v.Type != "modal" && v.Type != "home":
		return nil, invalid("type", "unsupported type: "+v.Type)
	case len(v.Blocks) == 0:
		return nil, invalid("blocks", "missing required field: blocks")
	case utf8.RuneCountInString(v.PrivateMetadata) > maxPrivate:
		return nil, invalid("private_metadata", "must be less than 3001 characters")
	case utf8.RuneCountInString(v.CallbackID) > maxCallbackID:
		return nil, invalid("callback_id", "must be less than 256 characters")
	}
	blocks, err := blockkit.Check(string(v.Blocks), blockkit.View)
	if err == nil && v.Type == "modal" {
		err = v.checkModal(blocks)
	}
	if err != nil {
		return nil, invalidView(err)
	}
	v.Blocks = blocks
	if blocks == nil {
		v.Blocks = json.RawMessage("[]")
	}
	for _, other := range w.views {
		if v.ExternalID != "" && other.ExternalID == v.ExternalID && (old == nil || other.ID != old.ID) {
			return nil, webapi.Err("duplicate_external_id")
		}
	}
	return v, nil
}

// invalidView returns the error for a view, with the details of an error of blockkit.
func invalidView(err error) error {
	details := webapi.AsError(err).Messages
	if details == nil {
		details = []string{"[ERROR] must be a list of blocks [json-pointer:/view/blocks]"}
	}
	return webapi.Err("invalid_arguments", details...)
}

// checkModal returns an error if a modal lacks a title, or lacks a submit
// button but has input blocks.
func (v *View) checkModal(blocks json.RawMessage) error {
	for _, t := range []struct {
		name string
		raw  json.RawMessage
	}{{"title", v.Title}, {"submit", v.Submit}, {"close", v.Close}} {
		given := len(t.raw) > 0 && string(t.raw) != "null"
		switch {
		case given:
			if err := blockkit.CheckText("/view/"+t.name, t.raw, maxViewTitle, "plain_text"); err != nil {
				return err
			}
		case t.name == "title":
			return webapi.Err("invalid_arguments", "[ERROR] missing required field: title [json-pointer:/view/title]")
		case t.name == "submit" && slices.Contains(blockkit.Types(blocks), "input"):
			return webapi.Err("invalid_arguments", "[ERROR] a view with input blocks needs submit [json-pointer:/view/submit]")
		}
	}
	return nil
}

// takeTrigger takes the trigger of the argument trigger_id, once and within 3 s, and
// the view to open.
func (c *call) takeTrigger() (*trigger, *View, error) {
	t, ok := c.w.triggers.Get(c.Args["trigger_id"])
	switch {
	case !c.Has("trigger_id"):
		return nil, nil, webapi.Err("invalid_arguments", "[ERROR] missing required field: trigger_id")
	case !ok || t.app != c.app:
		return nil, nil, webapi.Err("invalid_trigger_id")
	case t.spent:
		return nil, nil, webapi.Err("exchanged_trigger_id")
	case time.Since(t.made) >= c.w.opts.AckTime:
		return nil, nil, webapi.Err("expired_trigger_id")
	}
	t.spent = true
	v, err := c.w.parseView(c.Args["view"], nil)
	return t, v, err
}

// storeView stores a view, new or changed, and returns the response.
func (c *call) storeView(v *View, user string) answer {
	c.w.storeView(c.app, v, user)
	return answer{"view": *v}
}

func (w *Workspace) storeView(a *app, v *View, user string) {
	if v.ID == "" {
		v.ID = w.newID("V")
	}
	if v.RootViewID == "" {
		v.RootViewID = v.ID
	}
	if len(w.views) >= maxViews {
		clear(w.views) // a test that opens so many looks at none of them any more
	}
	v.TeamID, v.InstalledTeamID, v.AppID, v.BotID, v.user = w.team.ID, w.team.ID, a.AppID, a.BotID, user
	v.Hash, v.State.Values = w.newTS()+"."+secret()[:8], map[string]any{}
	if old := w.views[v.ID]; old != nil {
		v.picked = old.picked // a choice stays with its element
	}
	w.views[v.ID] = v
	shown := *v
	w.publish(nil, change{Type: "view", TS: v.ID, View: &shown, only: user})
}

func viewsOpen(c *call) (answer, error) {
	t, v, err := c.takeTrigger()
	if err != nil {
		return nil, err
	}
	if v.Type != "modal" {
		return nil, webapi.Err("invalid_arguments", "[ERROR] views.open opens modals [json-pointer:/view/type]")
	}
	return c.storeView(v, t.user), nil
}

// viewsPush puts a view above the person's newest view.
func viewsPush(c *call) (answer, error) {
	t, v, err := c.takeTrigger()
	if err != nil {
		return nil, err
	}
	if err := c.w.pushOnto(c.app, t.user, v); err != nil {
		return nil, err
	}
	return c.storeView(v, t.user), nil
}

// pushOnto links v to the newest view that the user has open from the app.
func (w *Workspace) pushOnto(a *app, user string, v *View) error {
	var top *View
	depth := 0
	for _, other := range w.views {
		if other.user == user && other.AppID == a.AppID && other.Type == "modal" {
			depth++
			if top == nil || other.ID > top.ID {
				top = other
			}
		}
	}
	switch {
	case top == nil:
		return webapi.Err("not_found")
	case depth >= maxViewStack:
		return webapi.Err("push_limit_reached")
	}
	v.RootViewID, v.PreviousViewID = top.RootViewID, new(top.ID)
	return nil
}

// viewsUpdate changes the view with the given view_id or external_id. With a
// hash, the view must be unchanged since.
func viewsUpdate(c *call) (answer, error) {
	var old *View
	for _, v := range c.w.views {
		if v.AppID == c.app.AppID && (v.ID == c.Args["view_id"] || v.ExternalID != "" && v.ExternalID == c.Args["external_id"]) {
			old = v
		}
	}
	if old == nil {
		return nil, webapi.Err("not_found")
	}
	if c.Has("hash") && c.Args["hash"] != old.Hash {
		return nil, webapi.Err("hash_conflict")
	}
	v, err := c.w.parseView(c.Args["view"], old)
	if err != nil {
		return nil, err
	}
	v.ID, v.RootViewID, v.PreviousViewID = old.ID, old.RootViewID, old.PreviousViewID
	return c.storeView(v, old.user), nil
}

// viewsPublish sets a person's App Home.
func viewsPublish(c *call) (answer, error) {
	user := c.Args["user_id"]
	if c.w.users[user] == nil {
		return nil, webapi.Err("user_not_found")
	}
	old := c.w.home(c.app, user)
	v, err := c.w.parseView(c.Args["view"], old)
	switch {
	case err != nil:
		return nil, err
	case v.Type != "home":
		return nil, webapi.Err("invalid_arguments", "[ERROR] views.publish takes home views [json-pointer:/view/type]")
	case old != nil && c.Has("hash") && c.Args["hash"] != old.Hash:
		return nil, webapi.Err("hash_conflict")
	case old != nil:
		v.ID = old.ID
	}
	return c.storeView(v, user), nil
}

// home returns the App Home of a person, or nil.
func (w *Workspace) home(a *app, user string) *View {
	for _, v := range w.views {
		if v.Type == "home" && v.user == user && v.AppID == a.AppID {
			return v
		}
	}
	return nil
}

// Views returns the user's open views and App Homes, oldest first. A modal is
// open until it is submitted or closed.
func (w *Workspace) Views(user string) []View {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []View
	for _, v := range inOrder(w.views) {
		if v.user == user {
			out = append(out, *v)
		}
	}
	return out
}

// OpenHome opens an app's home as the user, on the tab "messages" or "home",
// and returns their direct message. If the app subscribes to app_home_opened,
// the app gets that event, with the view of a published home
// (https://docs.slack.dev/reference/events/app_home_opened). The errors have
// Slack's codes: user_not_found, invalid_auth for an unknown app,
// invalid_arguments for another tab.
func (w *Workspace) OpenHome(user, appID, tab string) (channel string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.openHome(user, appID, tab)
}

func (w *Workspace) openHome(user, appID, tab string) (channel string, err error) {
	a, u := w.apps[appID], w.users[user]
	switch {
	case u == nil:
		return "", webapi.Err("user_not_found")
	case a == nil:
		return "", webapi.Err("invalid_auth")
	case tab != "messages" && tab != "home":
		return "", webapi.Err("invalid_arguments")
	}
	c := w.openDM([]string{user, a.BotUserID})
	if !slices.Contains(a.Events, "app_home_opened") {
		return c.info.ID, nil
	}
	event := map[string]any{
		"type": "app_home_opened", "user": user, "channel": c.info.ID, "tab": tab, "event_ts": w.newTS(),
	}
	if v := w.home(a, user); v != nil && tab == "home" {
		event["view"] = *v
	}
	w.sendEvent(a, c, event)
	return c.info.ID, nil
}

// openConversation tells the app that the person opened its direct message on the
// page.
func (w *Workspace) openConversation(user, channel string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.memberOf(user, channel)
	if err != nil || !c.info.IsIM {
		return err
	}
	for _, a := range inOrder(w.apps) {
		if c.has(a.BotUserID) {
			_, err = w.openHome(user, a.AppID, "messages")
		}
	}
	return err
}
