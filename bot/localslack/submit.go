package localslack

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/socketmode"
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
	var v *View
	var a *app
	ack, err := w.inView(ctx, user, viewID, func(open *View, of *app) (d *socketmode.Delivery, err error) {
		v, a = open, of
		var state map[string]any
		if state, problems, err = w.fill(v, a, values, files); err != nil || len(problems) > 0 {
			return nil, err
		}
		body := w.interaction(a, user, "view_submission")
		body["view"], body["response_urls"] = v.withState(state), []any{}
		return a.socket.Ask("interactive", webapi.MustJSON(body), true), nil
	})
	if err != nil || len(problems) > 0 {
		return problems, err
	}
	return w.applySubmission(a, v, ack)
}

// inView carries out what a person does in a window: ask, which runs under the
// lock, sends it to the app, or returns nil if the app need not know.
func (w *Workspace) inView(ctx context.Context, user, viewID string, ask func(*View, *app) (*socketmode.Delivery, error)) (ack json.RawMessage, err error) {
	w.mu.Lock()
	var d *socketmode.Delivery
	v, a, err := w.openView(user, viewID)
	if err == nil {
		d, err = ask(v, a)
	}
	w.mu.Unlock()
	if d == nil || err != nil {
		return nil, err
	}
	return d.Await(ctx)
}

// PressView presses or chooses in a window, outside its input blocks or in an
// input block with dispatch_action. typed is the present input by block_id, as
// for Submit; the app sees the input in the view's state, except files. The
// errors are those of Press, and not_found.
func (w *Workspace) PressView(ctx context.Context, user, viewID, actionID string, typed map[string][]string, values ...string) error {
	_, err := w.inView(ctx, user, viewID, func(v *View, a *app) (*socketmode.Delivery, error) {
		action, err := w.act(a, v.Blocks, actionID, values)
		if err != nil {
			return nil, err
		}
		if v.picked == nil {
			v.picked = map[string][]string{}
		}
		v.picked[actionID] = values
		inputs, _ := blockkit.InputStates(blockkit.Inputs(v.Blocks), typed)
		body := w.interaction(a, user, "block_actions")
		body["container"] = map[string]string{"type": "view", "view_id": viewID}
		body["view"], body["actions"] = v.withState(inputs), []any{action}
		return a.socket.Ask("interactive", webapi.MustJSON(body), false), nil
	})
	return err
}

// withState returns the view with its state, for a payload.
func (v *View) withState(inputs map[string]any) View {
	sent := *v
	sent.State.Values = blockkit.States(v.Blocks, v.picked)
	maps.Copy(sent.State.Values, inputs)
	return sent
}

// CloseView closes a modal as the user's cancel button does, and also the
// modals below if the modal has clear_on_close. If the view has
// notify_on_close, the app is told. The errors are those of Command, and
// not_found.
func (w *Workspace) CloseView(ctx context.Context, user, viewID string) error {
	_, err := w.inView(ctx, user, viewID, func(v *View, a *app) (*socketmode.Delivery, error) {
		w.closeView(v, v.ClearOnClose)
		if !v.NotifyOnClose {
			return nil, nil
		}
		body := w.interaction(a, user, "view_closed")
		delete(body, "trigger_id")
		body["view"], body["is_cleared"] = *v, v.ClearOnClose
		return a.socket.Ask("interactive", webapi.MustJSON(body), false), nil
	})
	return err
}

// openView returns a modal that the user has open, and its app.
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

// applySubmission carries out the ack of a submission.
func (w *Workspace) applySubmission(a *app, v *View, ack json.RawMessage) (problems map[string]string, err error) {
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
		next, err := w.parseView(string(in.View), old)
		if err != nil {
			return nil, err
		}
		if old != nil {
			next.ID, next.RootViewID, next.PreviousViewID = v.ID, v.RootViewID, v.PreviousViewID
		} else if err := w.pushOnto(a, v.user, next); err != nil {
			return nil, err
		}
		w.storeView(a, next, v.user)
	default:
		return nil, webapi.Err("invalid_arguments", "[ERROR] unknown response_action: "+in.Action)
	}
	return nil, nil
}

// checkProblems returns an error if a problem names no input block of the
// view.
func (v *View) checkProblems(problems map[string]string) error {
	inputs := blockkit.Inputs(v.Blocks)
	for id := range problems {
		if !slices.ContainsFunc(inputs, func(e *blockkit.Element) bool { return e.BlockID == id }) {
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

const (
	maxInputFile = 10 << 20 // bytes of a file (https://docs.slack.dev/reference/block-kit/block-elements/file-input-element)
	maxInputs    = 10       // files of a file_input
)

// fill returns the view's state, with the values and files by block_id. Files
// are stored only if no field has a problem.
func (w *Workspace) fill(v *View, a *app, values map[string][]string, files map[string][]Upload) (state map[string]any, problems map[string]string, err error) {
	inputs := blockkit.Inputs(v.Blocks)
	state, problems = blockkit.InputStates(inputs, values)
	inputs = slices.DeleteFunc(inputs, func(e *blockkit.Element) bool { return e.Type != "file_input" })
	for _, e := range inputs {
		if problem := checkFiles(e, files[e.BlockID]); problem != "" {
			problems[e.BlockID] = problem
		}
	}
	if len(problems) > 0 {
		return nil, problems, nil
	}
	for _, e := range inputs {
		stored, err := w.storeAll(v.user, files[e.BlockID])
		if err != nil {
			return nil, nil, err
		}
		views := []File{}
		for _, s := range stored { // in no conversation, and visible to the app
			s.given = []string{a.BotUserID}
			views = append(views, s.info.view(w.base(a)).forApps())
		}
		state[e.BlockID] = map[string]any{e.ActionID: map[string]any{"type": "file_input", "files": views}}
	}
	return state, nil, nil
}

func checkFiles(e *blockkit.Element, files []Upload) (problem string) {
	most := cmp.Or(e.MaxFiles, maxInputs)
	switch {
	case len(files) == 0 && !e.Optional:
		problem = blockkit.Required
	case len(files) > most:
		problem = fmt.Sprintf("Please add at most %d files.", most)
	}
	for _, up := range files {
		switch {
		case len(up.Data) > maxInputFile:
			problem = up.Name + " is larger than 10 MB."
		case !e.Accepts(up.Name):
			problem = up.Name + " isn't a type of file that can go here."
		}
	}
	return problem
}
