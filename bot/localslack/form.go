package localslack

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// form is a modal with a person's input.
type form struct {
	w        *Workspace
	a        *app
	user     string
	values   map[string][]string
	files    map[string][]Upload
	problems map[string]string
}

const (
	maxInputText = 3000     // characters of a plain_text_input
	maxInputFile = 10 << 20 // bytes of a file (https://docs.slack.dev/reference/block-kit/block-elements/file-input-element)
	maxInputs    = 10       // files of a file_input
)

// stateFields names the field of the state with the choice, for elements whose
// state is one value or a list of values.
var (
	stateFields = map[string]string{
		"plain_text_input": "value", "email_text_input": "value", "url_text_input": "value", "number_input": "value",
		"datepicker": "selected_date", "timepicker": "selected_time", "users_select": "selected_user",
		"conversations_select": "selected_conversation", "channels_select": "selected_channel",
	}
	listFields = map[string]string{
		"multi_users_select": "selected_users", "multi_conversations_select": "selected_conversations",
		"multi_channels_select": "selected_channels",
	}
)

// fill returns the view's state: for every block_id and action_id the value of
// the element (https://docs.slack.dev/reference/views#view-state). Files are
// stored only if no field has a problem.
func (f *form) fill(v *View) (map[string]any, error) {
	blocks := v.inputs()
	state := map[string]any{}
	for _, b := range blocks {
		if b.Element.Type == "file_input" {
			f.checkFiles(&b)
			continue
		}
		state[b.BlockID] = map[string]any{b.Element.ActionID: f.state(&b)}
	}
	if len(f.problems) > 0 {
		return nil, nil
	}
	for _, b := range blocks {
		if b.Element.Type == "file_input" {
			s, err := f.storeFiles(&b)
			if err != nil {
				return nil, err
			}
			state[b.BlockID] = map[string]any{b.Element.ActionID: s}
		}
	}
	return state, nil
}

// draft returns the present state before the person submits, without files.
func (f *form) draft(v *View) map[string]any {
	state := map[string]any{}
	for _, b := range v.inputs() {
		s := map[string]any{"type": b.Element.Type, "files": []File{}}
		if b.Element.Type != "file_input" {
			s = f.state(&b)
		}
		state[b.BlockID] = map[string]any{b.Element.ActionID: s}
	}
	return state
}

// state returns the value of an element that is not a file_input.
func (f *form) state(b *inputBlock) map[string]any {
	e := &b.Element
	s := map[string]any{"type": e.Type}
	values, given := f.values[b.BlockID]
	empty := false
	switch {
	case stateFields[e.Type] != "":
		if !given && e.InitialValue != nil {
			values = []string{*e.InitialValue}
		}
		s[stateFields[e.Type]] = nil
		if empty = len(values) == 0 || values[0] == ""; !empty {
			s[stateFields[e.Type]] = values[0]
			f.checkLength(b, values[0])
		}
	case listFields[e.Type] != "":
		s[listFields[e.Type]], empty = append([]string{}, values...), len(values) == 0
	case e.Type == "static_select" || e.Type == "radio_buttons":
		chosen := f.options(b, values)
		if !given && e.InitialOption != nil {
			chosen = []*blockOption{e.InitialOption}
		}
		s["selected_option"] = nil
		if empty = len(chosen) == 0; !empty {
			s["selected_option"] = chosen[0]
		}
	case e.Type == "multi_static_select" || e.Type == "checkboxes":
		chosen := f.options(b, values)
		if !given {
			chosen = append(chosen, e.InitialOptions...)
		}
		s["selected_options"], empty = chosen, len(chosen) == 0
	}
	if empty && !b.Optional {
		f.problems[b.BlockID] = "Please complete this required field."
	}
	return s
}

// options returns the element's options with these values.
func (f *form) options(b *inputBlock, values []string) []*blockOption {
	chosen := []*blockOption{}
	for _, v := range values {
		i := slices.IndexFunc(b.Element.Options, func(o *blockOption) bool { return o != nil && o.Value == v })
		if i < 0 {
			f.problems[b.BlockID] = "There is no option " + v + "."
			continue
		}
		chosen = append(chosen, b.Element.Options[i])
	}
	return chosen
}

func (f *form) checkLength(b *inputBlock, text string) {
	if b.Element.Type != "plain_text_input" {
		return
	}
	switch n := utf8.RuneCountInString(text); {
	case n < b.Element.MinLength:
		f.problems[b.BlockID] = fmt.Sprintf("Please use at least %d characters.", b.Element.MinLength)
	case n > cmp.Or(b.Element.MaxLength, maxInputText):
		f.problems[b.BlockID] = fmt.Sprintf("Please use at most %d characters.", cmp.Or(b.Element.MaxLength, maxInputText))
	}
}

func (f *form) checkFiles(b *inputBlock) {
	files := f.files[b.BlockID]
	most := cmp.Or(b.Element.MaxFiles, maxInputs)
	switch {
	case len(files) == 0 && !b.Optional:
		f.problems[b.BlockID] = "Please complete this required field."
	case len(files) > most:
		f.problems[b.BlockID] = fmt.Sprintf("Please add at most %d files.", most)
	}
	for _, up := range files {
		switch {
		case len(up.Data) > maxInputFile:
			f.problems[b.BlockID] = up.Name + " is larger than 10 MB."
		case !b.accepts(up.Name):
			f.problems[b.BlockID] = up.Name + " isn't a type of file that can go here."
		}
	}
}

// storeFiles uploads the selected files. The files belong to the person, are
// in no conversation, and are visible to the app.
func (f *form) storeFiles(b *inputBlock) (map[string]any, error) {
	views := []File{}
	for _, up := range f.files[b.BlockID] {
		s, err := f.w.store(f.w.newID("F"), f.user, up.Name, "", slices.Clone(up.Data))
		if err != nil {
			return nil, err
		}
		s.given = []string{f.a.BotUserID}
		views = append(views, s.info.view(f.w.base(f.a)).forApps())
	}
	return map[string]any{"type": "file_input", "files": views}, nil
}
