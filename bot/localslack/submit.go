package localslack

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Submit presses the submit button of a modal as the user. values holds what was
// typed or chosen and files what was picked, both by the block_id of an input
// block; options are named by their value, and a block that is left out keeps its
// initial value.
//
// problems, by block_id, is what the person is told under the fields: by Slack's
// client before anything is sent, or by the app with response_action "errors".
// The window is open then. Otherwise the app's ack closes it, clears it away with
// those under it, changes it or pushes another. Errors are those of Command,
// not_found, and what Slack has against the app's next view.
// (https://docs.slack.dev/surfaces/modals#handling_submissions)
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
	sent := *v
	sent.State.Values = state
	body := w.viewPayload(a, user, "view_submission", sent)
	body["response_urls"], body["trigger_id"] = []any{}, w.newTrigger(a, user)
	d := w.ask(a, "interactive", mustJSON(body), true)
	w.mu.Unlock()
	ack, err := w.await(ctx, d)
	if err != nil {
		return nil, err
	}
	return w.settleSubmission(a, v, ack)
}

// CloseView closes a modal as the user does with its cancel button, and those
// under it too if it has clear_on_close. The app is told when the view has
// notify_on_close. Errors are those of Command, and not_found.
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
	body := w.viewPayload(a, user, "view_closed", *v)
	body["is_cleared"] = v.ClearOnClose
	d := w.ask(a, "interactive", mustJSON(body), false)
	w.mu.Unlock()
	_, err = w.await(ctx, d)
	return err
}

func (w *Workspace) openView(user, id string) (*View, *app, error) {
	v := w.views[id]
	if v == nil || v.user != user || v.Type != "modal" || w.apps[v.AppID] == nil {
		return nil, nil, apiErr("not_found")
	}
	return v, w.apps[v.AppID], nil
}

// viewPayload is the payload of view_submission and view_closed
// (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload).
func (w *Workspace) viewPayload(a *app, user, kind string, v View) map[string]any {
	return map[string]any{
		"type": kind, "token": "local", "api_app_id": a.AppID, "enterprise": nil, "is_enterprise_install": false,
		"team": map[string]string{"id": w.team.ID, "domain": w.team.Name},
		"user": map[string]string{"id": user, "username": w.users[user].Name, "name": w.users[user].Name, "team_id": w.team.ID},
		"view": v,
	}
}

// settleSubmission does what the ack of a submission asks for.
func (w *Workspace) settleSubmission(a *app, v *View, ack json.RawMessage) (problems map[string]string, err error) {
	var in struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	_ = json.Unmarshal(ack, &in) // an ack of another form asks for nothing
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
		return nil, apiErr("invalid_arguments", "[ERROR] unknown response_action: "+in.Action)
	}
	return nil, nil
}

// checkProblems: an app may complain about input blocks of the view only.
func (v *View) checkProblems(problems map[string]string) error {
	blocks := v.inputs()
	for id := range problems {
		if !slices.ContainsFunc(blocks, func(b inputBlock) bool { return b.BlockID == id }) {
			return apiErr("invalid_arguments", "[ERROR] errors for what is no input block: "+id)
		}
	}
	if len(problems) == 0 {
		return apiErr("invalid_arguments", "[ERROR] missing required field: errors")
	}
	return nil
}

// closeView takes a view away, or its whole stack.
func (w *Workspace) closeView(v *View, stack bool) {
	maps.DeleteFunc(w.views, func(id string, other *View) bool {
		return id == v.ID || stack && other.RootViewID == v.RootViewID
	})
	w.touch()
}

// inputBlock is an input block with what decides its state.
type inputBlock struct {
	BlockID  string `json:"block_id"`
	Optional bool   `json:"optional"`
	Element  struct {
		Type           string         `json:"type"`
		ActionID       string         `json:"action_id"`
		InitialValue   *string        `json:"initial_value"`
		InitialOption  *blockOption   `json:"initial_option"`
		InitialOptions []*blockOption `json:"initial_options"`
		Options        []*blockOption `json:"options"`
		MinLength      int            `json:"min_length"`
		MaxLength      int            `json:"max_length"`
		MaxFiles       int            `json:"max_files"`
		Filetypes      []string       `json:"filetypes"`
	} `json:"element"`
}

// blockOption is Slack's option object.
type blockOption struct {
	Text  json.RawMessage `json:"text"`
	Value string          `json:"value"`
}

// inputs returns the view's input blocks.
func (v *View) inputs() []inputBlock {
	var all []struct {
		Type string `json:"type"`
		inputBlock
	}
	_ = json.Unmarshal(v.Blocks, &all) // checked when the view came
	var out []inputBlock
	for _, b := range all {
		if b.Type == "input" {
			out = append(out, b.inputBlock)
		}
	}
	return out
}

// accepts tells whether a file_input takes a file of this name.
func (b *inputBlock) accepts(name string) bool {
	types := b.Element.Filetypes
	i := strings.LastIndexByte(name, '.')
	return len(types) == 0 || i >= 0 && slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, name[i+1:]) })
}
