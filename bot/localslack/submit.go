package localslack

import (
	"context"
	"encoding/json"
	"slices"

	"slackocr/bot/localslack/internal/webapi"
)

// Submit presses the submit button of a modal as the user. values holds the
// typed or chosen values and files the selected files, both by the block_id of
// an input block. Options are named by their value. A block that is left out
// keeps its initial value.
//
// problems are the messages under the fields, by block_id: from Slack's client
// before anything is sent, or from the app with response_action "errors". The
// window stays open then. Otherwise the app's ack closes the window, clears
// the window and those below, changes the window, or pushes another. The
// errors are those of Command, not_found, and Slack's errors for the app's
// next view. (https://docs.slack.dev/surfaces/modals#handling_submissions)
func (w *Workspace) Submit(ctx context.Context, user, viewID string, values map[string][]string, files map[string][]Upload) (problems map[string]string, err error) {
	w.mu.Lock()
	v, a, err := w.openView(user, viewID)
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	f := form{w: w, a: a, user: user, values: values, files: files, problems: map[string]string{}}
	state, err := f.fill(v)
	if err != nil || len(f.problems) > 0 {
		w.mu.Unlock()
		return f.problems, err
	}
	sent := v.withState(state)
	body := w.interaction(a, user, "view_submission")
	body["view"], body["response_urls"] = sent, []any{}
	d := w.ask(a, "interactive", mustJSON(body), true)
	w.mu.Unlock()
	ack, err := w.await(ctx, d)
	if err != nil {
		return nil, err
	}
	return w.settleSubmission(a, v, ack)
}

// CloseView closes a modal as the user's cancel button does, and also the
// modals below if the modal has clear_on_close. If the view has
// notify_on_close, the app is told. The errors are those of Command, and
// not_found.
func (w *Workspace) CloseView(ctx context.Context, user, viewID string) error {
	w.mu.Lock()
	v, a, err := w.openView(user, viewID)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	w.closeView(v, v.ClearOnClose)
	if !v.NotifyOnClose {
		w.mu.Unlock()
		return nil
	}
	body := w.interaction(a, user, "view_closed")
	delete(body, "trigger_id")
	body["view"], body["is_cleared"] = *v, v.ClearOnClose
	d := w.ask(a, "interactive", mustJSON(body), false)
	w.mu.Unlock()
	_, err = w.await(ctx, d)
	return err
}

func (w *Workspace) openView(user, id string) (*View, *app, error) {
	v := w.views[id]
	switch {
	case v == nil || v.user != user || v.Type != "modal" || w.apps[v.AppID] == nil:
		return nil, nil, webapi.Err("not_found")
	case !w.apps[v.AppID].Interactive:
		return nil, nil, webapi.Err("interactivity_disabled")
	}
	return v, w.apps[v.AppID], nil
}

// settleSubmission carries out the ack of a submission.
func (w *Workspace) settleSubmission(a *app, v *View, ack json.RawMessage) (problems map[string]string, err error) {
	var in struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	_ = json.Unmarshal(ack, &in) // an ack of another form has no effect
	w.mu.Lock()
	defer w.mu.Unlock()
	switch in.Action {
	case "":
		w.closeView(v, false)
	case "clear":
		w.closeView(v, true)
	case "errors":
		return in.Errors, v.checkProblems(in.Errors)
	case "update", "push":
		var old *View
		if in.Action == "update" {
			old = v
		}
		next, err := w.parseView(in.View, old)
		if err != nil {
			return nil, err
		}
		if old != nil {
			next.ID, next.RootViewID, next.PreviousViewID = v.ID, v.RootViewID, v.PreviousViewID
		} else if err := w.pushOnto(a, v.user, next); err != nil {
			return nil, err
		}
		w.keepView(a, next, v.user)
	default:
		return nil, webapi.Err("invalid_arguments", "[ERROR] unknown response_action: "+in.Action)
	}
	return nil, nil
}

// checkProblems returns an error if a problem names no input block of the
// view.
func (v *View) checkProblems(problems map[string]string) error {
	blocks := v.inputs()
	for id := range problems {
		if !slices.ContainsFunc(blocks, func(b inputBlock) bool { return b.BlockID == id }) {
			return webapi.Err("invalid_arguments", "[ERROR] errors for what is no input block: "+id)
		}
	}
	if len(problems) == 0 {
		return webapi.Err("invalid_arguments", "[ERROR] missing required field: errors")
	}
	return nil
}

// closeView removes a view, or its whole stack.
func (w *Workspace) closeView(v *View, stack bool) {
	for id, other := range w.views {
		if id == v.ID || stack && other.RootViewID == v.RootViewID {
			delete(w.views, id)
			w.publish(nil, change{Type: "view_closed", TS: id, only: other.user})
		}
	}
}
