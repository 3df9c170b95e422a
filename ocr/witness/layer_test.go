package witness

import (
	"strings"
	"testing"
)

func TestGood(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Layer)
		want   bool
	}{
		"the page":             {func(*Layer) {}, true},
		"invisible words":      {func(l *Layer) { l.Ink.Bare = l.Ink.Words / 5 }, false},
		"little of the page":   {func(l *Layer) { l.Ink.Outside = 2 * l.Ink.Inside }, false},
		"a scan with pictures": {func(l *Layer) { l.Ink.Scanned, l.Ink.Outside = true, l.Ink.Inside/2 }, false},
		"bullets":              {func(l *Layer) { *l = *pageOf(strings.Repeat("\uf0b7 tea and milk\n", 9)) }, true},
		"figures":              {func(l *Layer) { *l = *pageOf("12\t1,234.50\n13\t0.50") }, true},
		"private signs":        {func(l *Layer) { *l = *pageOf("tea and m\uf0b7\uf0b8k") }, false},
		"no vowels":            {func(l *Layer) { *l = *pageOf(strings.Repeat("wrbt plkm ", 9)) }, false},
		"accented letters":     {func(l *Layer) { *l = *pageOf(strings.Repeat("àáâã èéêë ", 9)) }, false},
	} {
		l := pageOf(bill)
		if test.change(l); l.Good() != test.want {
			t.Errorf("%s: Good is %v", name, !test.want)
		}
	}
	if (*Layer)(nil).Good() {
		t.Error("no layer is good")
	}
}

// TestText: headings, paragraphs and tables keep their form.
func TestText(t *testing.T) {
	tall := pageOf("A walk\n\nup the hill\nand down")
	for i := range tall.Lines[0].Words {
		tall.Lines[0].Words[i].Box.Top -= 10
	}
	columns := pageOf("up the hill\nand then\n\ndown again")
	for i := range columns.Lines[2].Words {
		columns.Lines[2].Words[i].Box = Box{300, 60, 330, 70}
	}
	for name, test := range map[string]struct {
		layer *Layer
		want  string
	}{
		"heading": {tall, "# A walk\n\nup the hill\nand down"},
		"prose": {
			pageOf("We went up the hill in the mor-\nning and saw a fox that slept."),
			"We went up the hill in the morning and saw a fox that slept.",
		},
		"prose without spaces": {pageOf("合計金額は三百円です合計金額は三百円です\n合計金額は三百円です合計金額は三百円です"), strings.Repeat("合計金額は三百円です", 4)},
		"address":              {pageOf("Alder Workshop\nCanal Yard"), "Alder Workshop\nCanal Yard"},
		"table":                {pageOf("Tea\t2\t1.50\nMilk\t4\t0.80"), "Tea   2   1.50\nMilk   4   0.80"},
		"table with space":     {pageOf("Tea\t2\n\nMilk\t4"), "Tea   2\nMilk   4"},
		"columns":              {columns, "up the hill\nand then\n\ndown again"},
		"bullet and ligature":  {pageOf("\uf0b7 ﬁrst"), "• first"},
		"signs of markdown":    {pageOf("# *tea* &amp; <b>\n---"), `\# \*tea\* \&amp; \<b>` + "\n" + `\---`},
	} {
		if got := test.layer.Text(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
