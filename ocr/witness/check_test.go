package witness

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// pageOf sets a text as a layer: a line each, the cells of a table apart by tabs,
// and paragraphs by empty lines.
func pageOf(text string) *Layer {
	const height, leading = 10, 12
	l := &Layer{Width: 595, Height: 842}
	y, block := 60.0, 0
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			y += leading
			block++
			continue
		}
		for i, text := range strings.Split(line, "\t") {
			if i > 0 {
				block++
			}
			x := 60 + 150*float64(i)
			cell := Line{Block: block}
			for word := range strings.FieldsSeq(text) {
				width := 5 * float64(utf8.RuneCountInString(word))
				cell.Words = append(cell.Words, Word{word, Box{x, y, x + width, y + height}})
				x += width + 3
				l.Ink.Words++
				l.Ink.Inside += 3 * len(word)
			}
			l.Lines = append(l.Lines, cell)
		}
		if strings.Contains(line, "\t") {
			block++
		}
		y += leading
	}
	return l
}

const bill = `Invoice 2026-0418
Alder Workshop Ltd
Unit 3, Canal Yard, Bristol

Repair of twelve oak chairs	12	540.00
New seat boards, birch	4	1,186.50
Varnish and fittings	1	73.20
Net amount	1,799.70

Please pay by bank transfer and quote the number. Account
name Alder Workshop, sort code 00-11-22, account 01234567.
Questions are welcome at any time of the wor-
king week.`

// What a model writes otherwise is equal where it only looks different.
func TestSameText(t *testing.T) {
	for name, test := range map[string]struct{ layer, read string }{
		"HTML table":         {"Tea\t2\t1,234.50", "<table><tr><td>Tea</td><td>2</td><td>1,234.50</td></tr></table>"},
		"pipes":              {"Tea\t2\t1,234.50", "| Tea | 2 |\n|---|:-:|\n| 1,234.50 |"},
		"thin spaces":        {"Tea costs 1 234 567,50 a year", "Tea costs 1\u202f234\u2009567,50 a year"},
		"no separators":      {"Tea costs 1,234,567.50 a year", "Tea costs 1234567.50 a year"},
		"another country's":  {"Tea costs 1,234,567.50 a year", "Tea costs 1.234.567,50 a year"},
		"apostrophes":        {"Tea costs 1’234.50 a year", "Tea costs 1'234.50 a year"},
		"full width":         {"Tea costs 1,234.50 a year", "Tea costs １，２３４．５０ a year"},
		"Arabic digits":      {"Tea costs 1,234.50 a year", "Tea costs ١٬٢٣٤٫٥٠ a year"},
		"formula":            {"Tea costs 1,234.50 or 10% a year", `Tea costs \(1{,}234.50\) or $10\%$ a year`},
		"bold":               {"Tea costs 1,234.50 a year", "Tea **costs** 1,**234**.50 a ~~year~~"},
		"entities":           {"Tea & milk < 5 cups", "Tea &amp; milk &lt; 5&nbsp;cups"},
		"escapes":            {"5 * 3 = 15 [see below]", `5 \* 3 = 15 \[see below\]`},
		"phone":              {"Call 01454 555 0137 today", "Call 01454-555-0137 today"},
		"range":              {"Pages 10–20 are short", "Pages 10 - 20 are short"},
		"ligatures":          {"The ﬁrst oﬃce ﬂoor", "The first office floor"},
		"hyphen at line end": {"an exam-\nple of it", "an example of it"},
		"soft hyphen":        {"an exam\u00adple of it", "an example of it"},
		"spaced title":       {"I N V O I C E\nfor tea and milk", "INVOICE\n\nfor tea and milk"},
		"superscript":        {"an area of 20 m² in all¹", "an area of 20 m<sup>2</sup> in all"},
		"fraction":           {"take ½ cup of tea", "take 1/2 cup of tea"},
		"accents":            {"le café fermé à Zürich", "le cafe\u0301 fermé a Zu\u0308rich"},
		"Chinese":            {"合計金額は三百円です。", "合計金額は 三百円 です。"},
		"links":              {"See the price list of 2026 here", "See the [price list](https://example.com/2025/77) of 2026 here"},
		"code":               {"#include <nettle/md5.h> here", "```c\n#include <nettle/md5.h> here\n```"},
		"list numbers":       {"• first thing\n• second thing", "1. first thing\n2. second thing"},
		"picture":            {"A plain line of text", "![](image.png)\n<!-- image -->\nA plain line of text"},
		"page number":        {"A plain line of text\n\nPage 7 of 9", "A plain line of text"},
		"line numbers":       {"1\n2\n3\n4\n5\n\none line\nanother line\nthird line\nand this one\nthe last one", "one line\nanother line\nthird line\nand this one\nthe last one"},
		"minus":              {"a loss of −12.50 or (3.75)\n• 20 more\nfrom 5 –7", "a loss of -12.50 or -3.75\n- 20 more\nfrom 5-7"},
		"minus of a formula": {"a step of −5 in each direction", "a step of 5 in each direction"},
		"date":               {"We meet on 12.2026 or later", "We meet on 12/2026 or later"},
		"dot leaders":        {"Introduction . . . . . . 5\nThe end ....... 12", "Introduction 5\nThe end 12"},
	} {
		r := pageOf(test.layer).Check(test.read)
		if r.Text != test.read || len(r.Missing) > 0 || !r.Agrees {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestDifferences(t *testing.T) {
	const clean = "# Invoice 2026-0418\n\nAlder Workshop Ltd\nUnit 3, Canal Yard, Bristol\n\n" +
		"| Repair of twelve oak chairs | 12 | 540.00 |\n|---|---|---|\n| New seat boards, birch | 4 | 1,186.50 |\n| Varnish and fittings | 1 | 73.20 |\n| Net amount | | 1,799.70 |\n\n" +
		"Please pay by bank transfer and quote the number. Account name Alder Workshop, sort code 00-11-22, account 01234567. Questions are welcome at any time of the working week."
	replace := func(old, new string) string {
		if !strings.Contains(clean, old) {
			t.Fatalf("%q does not hold %q", clean, old)
		}
		return strings.Replace(clean, old, new, 1)
	}
	for name, test := range map[string]struct {
		read, text string
		missing    []string
	}{
		"nothing":        {clean, clean, nil},
		"digit":          {replace("540.00", "546.00"), clean, nil},
		"id":             {replace("2026-0418", "2026-0413"), clean, nil},
		"account":        {replace("01234567", "01234561"), clean, nil},
		"lost digit":     {replace("1,799.70", "1,79.70"), clean, nil},
		"moved point":    {replace("1,186.50", "118.650"), clean, nil},
		"decimal point":  {replace("73.20", "7.320"), clean, nil},
		"lost point":     {replace("73.20", "7320"), clean, nil},
		"spaced":         {replace("1,799.70", "1 798.70"), clean, nil},
		"another number": {replace("the number", "the number 777"), replace("the number", "the number 777 (?)"), nil},
		"letter for digit": {
			replace("540.00", "S40.00"), replace("540.00", "S40.00 (?)"), nil,
		},
		"digit in another cell": {replace("| 4 | 1,186.50", "| 41 | 186.50"), clean, nil},
		"divided number": {
			replace("540.00", "5 40.01"), replace("540.00", "5 (?) 40.01 (?)"), nil,
		},
		"sign":     {replace("| 73.20", "| -73.20"), replace("| 73.20", "| -73.20 (?)"), nil},
		"row":      {replace("| Varnish and fittings | 1 | 73.20 |\n", ""), replace("| Varnish and fittings | 1 | 73.20 |\n", ""), []string{"Varnish and fittings   1   73.20"}},
		"number":   {replace("1,799.70", ""), replace("1,799.70", ""), []string{"Net amount   1,799.70"}},
		"sentence": {replace("Please pay by bank transfer and quote the number. ", ""), replace("Please pay by bank transfer and quote the number. ", ""), []string{"Please pay by bank transfer and quote the number. Account"}},
		"line":     {replace("Alder Workshop Ltd\n", ""), replace("Alder Workshop Ltd\n", ""), []string{"Alder Workshop Ltd"}},
		"made up":  {replace("Questions are", "The moon is made of green cheese. Questions are"), replace("Questions are", "The moon is made of green cheese (?). Questions are"), nil},
		"made up row": {
			replace("| Varnish", "| Twelve silver spoons | 19 | 88.00 |\n| Varnish"),
			replace("| Varnish", "| Twelve silver spoons | 19 | 88.00 (?) |\n| Varnish"), nil,
		},
	} {
		r := pageOf(bill).Check(test.read)
		if r.Text != test.text || !slices.Equal(r.Missing, test.missing) || !r.Agrees {
			t.Errorf("%s:\n%+v, want\n%s, missing %q", name, r, test.text, test.missing)
		}
	}
}

// TestInvisibleSigns: what comes from the layer into the text has no signs that nobody
// sees, such as those that turn the direction of writing.
func TestInvisibleSigns(t *testing.T) {
	layer := pageOf("Rent of the hall 51\u202e20.50 until May, and then we go\u200b up\u202e the old hill and down again to see a fox.")
	r := layer.Check("Rent of the hall 5128.50 until May, and down again to see a fox.")
	if want := "Rent of the hall 5120.50 until May, and down again to see a fox."; r.Text != want || r.Corrected != 1 {
		t.Errorf("%q, %d corrected", r.Text, r.Corrected)
	}
	if want := []string{"and then we go up the old hill"}; !slices.Equal(r.Missing, want) {
		t.Errorf("missing %q, want %q", r.Missing, want)
	}
}

// A layer with which the text has little in common says nothing of it.
func TestAnotherPagesLayer(t *testing.T) {
	other := "# A walk\n\nWe went up the hill at 7:30 and saw 12 deer, 3 hares and a fox that slept in the sun."
	if r := pageOf(bill).Check(other); r.Agrees || r.Text != other || len(r.Missing) > 0 {
		t.Errorf("%+v", r)
	}
}

// Digits that differ everywhere are the font's fault, not the model's.
func TestDigitsOfAnotherFont(t *testing.T) {
	moved := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return '0' + (r-'0'+3)%10
		}
		return r
	}, bill)
	read := strings.ReplaceAll(strings.ReplaceAll(bill, "\t", " "), "wor-\nking", "working")
	if r := pageOf(moved).Check(read); r.Text != read {
		t.Errorf("%d corrected, %d marked:\n%s", r.Corrected, r.Marked, r.Text)
	}
}

// What a page shows beside its layer may be what the model has read there.
func TestTextInPictures(t *testing.T) {
	l := pageOf(bill)
	l.Ink.Outside = l.Ink.Inside / 2
	read := l.Text() + "\n\nSales rose to 4711 in the north"
	if r := l.Check(read); r.Text != read {
		t.Errorf("%+v", r)
	}
	l.Ink.Outside, l.Ink.Scanned = 0, true
	if r := l.Check(read); r.Text != read || !r.Agrees {
		t.Errorf("of a scan: %+v", r)
	}
}

// A page is as its own text says.
func TestLayersOwnText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"tea", "milk", "*", "<b>", "[x](y)", "12", "1,234.50", "#", "—", "exam-", "ple", "合計", "שלום", "&amp;", "`", "3.", "-", "|", "\\(", "$5"})
		line := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(word, 1, 9).Draw(t, "words"), " ") })
		text := strings.Join(rapid.SliceOfN(line, 1, 12).Draw(t, "lines"), "\n")
		l := pageOf(text)
		if r := l.Check(l.Text()); r.Corrected+r.Marked+r.MadeUp+len(r.Missing) > 0 {
			t.Errorf("%q: %+v", text, r)
		}
	})
}

// The signs of footnotes are no numbers of the text.
func TestNoteSigns(t *testing.T) {
	l := pageOf(bill)
	small := Word{Text: "4,5", Box: Box{Left: 300, Top: 60, Right: 306, Bottom: 66}}
	l.Lines[1].Words = append(l.Lines[1].Words, small)
	l.Lines = append(l.Lines, Line{Block: 99, Words: []Word{{Text: "7", Box: Box{Left: 60, Top: 300, Right: 63, Bottom: 306}}}})
	read := pageOf(bill).Text()
	if r := l.Check(read); r.Text != read || len(r.Missing) > 0 {
		t.Errorf("%+v", r)
	}
	l.Lines[1].Words[len(l.Lines[1].Words)-1].Box.Bottom = 70
	if r := l.Check(read); len(r.Missing) != 1 {
		t.Errorf("in the size of the text: %+v", r)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(bill, bill)
	f.Add("Tea\t1 234,50\n7", "<table><tr><td>Tea</td><td>１ ２３４,５0</td></tr></table> \\(x^{2}\\)")
	f.Add("a \xff b", "&#x110000; <|det|> ]( $ \\")
	f.Fuzz(func(t *testing.T, page, read string) {
		l := pageOf(page)
		l.Good()
		r := l.Check(read)
		if r.Covered < 0 || r.Covered > 1 {
			t.Errorf("%v is covered", r.Covered)
		}
		if utf8.ValidString(page) && utf8.ValidString(read) && !utf8.ValidString(r.Whole()) {
			t.Errorf("%q", r.Whole())
		}
		if n := len(visible(read)); n != len(read) {
			t.Errorf("%d bytes are visible of %d", n, len(read))
		}
	})
}

// TestNamesInAnyOrder: a name with a number is not divided, so that no number
// goes to another name.
func TestNamesInAnyOrder(t *testing.T) {
	const names = 100
	var layer, read strings.Builder
	order := rand.New(rand.NewPCG(1, 2)).Perm(names)
	for i, other := range order {
		fmt.Fprintf(&layer, "text%d ", i)
		fmt.Fprintf(&read, "text%d ", other)
		if i%3 == 2 {
			layer.WriteByte('\n')
			read.WriteByte('\n')
		}
	}
	if r := pageOf(layer.String()).Check(read.String()); r.Text != read.String() || len(r.Missing) > 0 {
		t.Errorf("%+v", r)
	}
}

// TestMissingCountsInTables: a number of a table does not number a line, unless
// many numbers are missing, each 1 more than another.
func TestMissingCountsInTables(t *testing.T) {
	layer := pageOf("Tea\t1\nMilk\t2\nOat milk\t3\nCake\t4\nBread rolls\t5\nButter\t6")
	for want, read := range map[int]string{
		1: "Tea 1\nMilk 2\nOat milk 3\nCake\nBread rolls 5\nButter 6",
		2: "Tea 1\nMilk 2\nOat milk 3\nCake\nBread rolls\nButter 6",
	} {
		if r := layer.Check(read); len(r.Missing) != want {
			t.Errorf("want %d missing: %+v", want, r)
		}
	}
}

// TestManyChangesAreOnlyMarked: if much differs, the layer may be wrong, so nothing is
// corrected.
func TestManyChangesAreOnlyMarked(t *testing.T) {
	var layer, read strings.Builder
	for i, name := range strings.Fields("apples pears plums cherries oranges lemons grapes figs dates limes melons kiwis") {
		n := 1000*i + 57*i + 412
		fmt.Fprintf(&layer, "boxes of %s %d in all\n", name, n)
		if i < 5 {
			n += 3
		}
		fmt.Fprintf(&read, "boxes of %s %d in all\n", name, n)
	}
	r := pageOf(layer.String()).Check(read.String())
	if r.Corrected != 0 || r.Marked != 5 || len(r.Missing) > 0 {
		t.Errorf("%+v", r)
	}
}

// TestNumberOfAnotherLineIsNoCounterpart: a wrong number is corrected, although another
// line of the page, which the model left out, has that number.
func TestNumberOfAnotherLineIsNoCounterpart(t *testing.T) {
	r := pageOf("Rent of the hall 5120 until May\nHeating and light 7340 for June\nCleaning of the stairs 880 for May").
		Check("Rent of the hall 7340 until May\nCleaning of the stairs 880 for May")
	if want := "Rent of the hall 5120 until May\nCleaning of the stairs 880 for May"; r.Text != want || len(r.Missing) != 1 {
		t.Errorf("%+v", r)
	}
}
