package localslack

import (
	"slices"

	"slackocr/bot/localslack/internal/webapi"
)

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
	for _, v := range w.views {
		if tab == "home" && v.Type == "home" && v.AppID == a.AppID && v.user == user {
			event["view"] = *v
		}
	}
	w.sendEvent(a, c, event)
	return c.info.ID, nil
}

// openPlace tells the app that the person opened its direct message on the
// page.
func (w *Workspace) openPlace(user, channel string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.memberOf(user, channel)
	if err != nil || !c.info.IsIM {
		return err
	}
	for _, a := range w.sortedApps() {
		if c.has(a.BotUserID) {
			_, err = w.openHome(user, a.AppID, "messages")
		}
	}
	return err
}
