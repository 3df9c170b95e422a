package tesseract

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"slices"
	"strings"
	"time"
)

// A language of tesseract. Other languages work too.
type language struct{ code, name, script string }

// languages has at least one language for each script that tesseract can tell
// apart; the first of a script is the one to recommend.
var languages = []language{
	{"eng", "English", "Latin"},
	{"deu", "German", "Latin"},
	{"fra", "French", "Latin"},
	{"spa", "Spanish", "Latin"},
	{"ita", "Italian", "Latin"},
	{"por", "Portuguese", "Latin"},
	{"nld", "Dutch", "Latin"},
	{"pol", "Polish", "Latin"},
	{"chi_sim", "simplified Chinese", "Han"},
	{"chi_tra", "traditional Chinese", "Han"},
	{"jpn", "Japanese", "Japanese"},
	{"jpn", "Japanese", "Hiragana"},
	{"jpn", "Japanese", "Katakana"},
	{"kor", "Korean", "Korean"},
	{"kor", "Korean", "Hangul"},
	{"rus", "Russian", "Cyrillic"},
	{"ukr", "Ukrainian", "Cyrillic"},
	{"ell", "Greek", "Greek"},
	{"ara", "Arabic", "Arabic"},
	{"fas", "Persian", "Arabic"},
	{"heb", "Hebrew", "Hebrew"},
	{"hin", "Hindi", "Devanagari"},
	{"ben", "Bengali", "Bengali"},
	{"tam", "Tamil", "Tamil"},
	{"tha", "Thai", "Thai"},
}

func languageOf(code string) (l language, ok bool) {
	i := slices.IndexFunc(languages, func(l language) bool { return l.code == code })
	if i < 0 {
		return language{}, false
	}
	return languages[i], true
}

// chosen returns the languages to use: the wanted languages, or all installed ones.
// tesseract takes the first language with good text, so English follows other
// languages in Latin script, which have its letters and more, and precedes all others.
func chosen(program string, wanted []string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var have []string
	err := output(ctx, program, func(line string) error {
		code := strings.TrimSpace(line)
		// The first line is a heading; osd, equ and snum are no languages.
		if code != "" && !strings.Contains(code, " ") && code != "osd" && code != "equ" && code != "snum" {
			have = append(have, code)
		}
		return nil
	}, "--list-langs")
	if err != nil {
		return nil, fmt.Errorf("the program %q does not say its languages: %w", program, err)
	}
	if len(have) == 0 {
		return nil, fmt.Errorf("the program %q has no languages: install some with `apt install tesseract-ocr-eng`", program)
	}
	for _, code := range wanted {
		if !slices.Contains(have, code) {
			return nil, fmt.Errorf("tesseract has no language %q: install it with `apt install tesseract-ocr-%s`, or choose of %s",
				code, strings.ReplaceAll(code, "_", "-"), strings.Join(have, ", "))
		}
	}
	if len(wanted) > 0 {
		return wanted, nil
	}
	place := func(code string) int {
		l, ok := languageOf(code)
		switch {
		case code == "eng":
			return 1
		case ok && l.script != "Latin":
			return 2
		}
		return 0
	}
	slices.SortStableFunc(have, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return have, nil
}

// Languages returns the names of the languages in use, such as "English and
// German".
func (s *Server) Languages() string { return s.reader.names() }

func (r reader) names() string {
	var names []string
	for _, code := range r.languages {
		name := code
		if l, ok := languageOf(code); ok {
			name = l.name
		}
		if name == "English" {
			names = slices.Insert(names, 0, name)
		} else {
			names = append(names, name)
		}
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

const (
	// foreignConfidence is the mean confidence, in percent, below which words may be in
	// another script. Text of installed languages has 73 and more, in photos
	// too; text in other scripts 20 to 60.
	foreignConfidence = 65
	// minLetters is the least number of letters for a mean.
	minLetters = 8
)

// foreign returns a sentence if no installed language has the picture's
// script, else "".
func (r reader) foreign(ctx context.Context, m *image.Gray) string {
	var script string
	err := r.run(ctx, m, []image.Rectangle{m.Rect}, func(line string) error {
		if name, ok := strings.CutPrefix(line, "Script: "); ok {
			script = name
		}
		return nil
	}, "--psm", scripts)
	if err != nil {
		return "" // not enough letters to tell
	}
	advice := ""
	for _, l := range slices.Backward(languages) {
		if l.script != script {
			continue
		}
		if slices.Contains(r.languages, l.code) {
			return ""
		}
		advice = fmt.Sprintf("This picture seems to be in %s or another language in %s script, and the OCR engine of this machine reads %s. "+
			"To read it, install tesseract-ocr-%s and start again, or read with DeepSeek-OCR.",
			l.name, script, r.names(), strings.ReplaceAll(l.code, "_", "-"))
	}
	for _, code := range r.languages {
		if _, ok := languageOf(code); !ok {
			return "" // a language that is not in the list may have this script
		}
	}
	return advice
}
