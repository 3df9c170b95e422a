package slackmd

import (
	"strings"
	"testing"
)

// TestBackslashesAreNeverCut: a line of nothing but escaped signs, at each
// offset of the cut.
func TestBackslashesAreNeverCut(t *testing.T) {
	for offset := range 3 {
		n := 0
		for _, part := range partsOf(strings.Repeat("a", offset)+strings.Repeat(`\*`, 9000), MaxPart) {
			if strings.Trim(strings.ReplaceAll(part, `\*`, ""), "a") != "" {
				t.Errorf("offset %d: an escape was cut: …%q", offset, part[len(part)-8:])
			}
			n += strings.Count(part, `\*`)
		}
		if n != 9000 {
			t.Errorf("offset %d: %d escapes of 9000", offset, n)
		}
	}
}

// TestLongCodeIsClosedInEachPart: else an address in it would be a link.
func TestLongCodeIsClosedInEachPart(t *testing.T) {
	long := strings.Repeat("a<b/", 4000)
	for name, in := range map[string]string{"an address": "http://" + strings.ReplaceAll(long, "<", ""), "code": "`" + long + "`"} {
		t.Run(name, func(t *testing.T) {
			parts := append(partsOf(in, MaxPart), Tail(in, 3800, liveItems))
			if len(parts) < 3 {
				t.Fatalf("%d parts", len(parts))
			}
			for _, part := range parts {
				if strings.Count(part, "`")%2 != 0 || strings.Contains(part, "``") {
					t.Errorf("code is open in %.30q…%q", part, part[len(part)-8:])
				}
			}
		})
	}
}

// TestCodeLongerThanAPartIsClosed: the code of a live text with many files.
func TestCodeLongerThanAPartIsClosed(t *testing.T) {
	addresses := strings.Repeat("a@b.example http://e.example/ ", 30)
	for name, in := range map[string]string{
		"an address":          "`http://" + strings.Repeat("a", 300) + "`",
		"in emphasis":         "***~~`" + addresses + "`~~***",
		"with backticks":      "``````a`````b " + addresses + "``````",
		"backticks alone":     "` " + strings.Repeat("``````` ", 60) + addresses + "`",
		"between other words": "`" + addresses + "` " + strings.Repeat(`\*a\*`, 60) + " `" + addresses + "`",
		"escapes":             "`" + strings.Repeat("<", 300) + "`",
		"signs of many runes": "`" + strings.Repeat("👨\u200d👩\u200d👧", 25) + "`",
	} {
		t.Run(name, func(t *testing.T) {
			for limit := 200; limit < 260; limit++ {
				for _, text := range append(partsOf(in, limit), Tail(in, limit, liveItems), PlainTail(in, limit)) {
					harmless(t, text)
					if utf16Length(text) > limit {
						t.Errorf("a part of %d units, at most %d: %q", utf16Length(text), limit, text)
					}
					if strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(text, tailMark), "` "), ";") {
						t.Errorf("an escape is cut in %q", text)
					}
					if name == "an address" && strings.Count(text, "`") != 2 && text != PlainTail(in, limit) {
						t.Errorf("code is open in %q", text)
					}
				}
			}
		})
	}
}

// TestTailOfLongRows: the letters of a table with few columns may take more
// bytes than a live text with many files has.
func TestTailOfLongRows(t *testing.T) {
	row := "|" + strings.Repeat("字", 60) + "|" + strings.Repeat("字", 60) + "|\n"
	for _, limit := range []int{200, 400, 700} {
		if got := Tail(row+"|-|-|\n"+strings.Repeat(row, 20), limit, liveItems); len(got) > limit || !strings.Contains(got, "字") {
			t.Errorf("a tail of %d bytes, at most %d: %q", len(got), limit, got)
		}
	}
}

// TestLongEmphasisFillsItsParts: emphasis that goes on leaves room for its
// marks.
func TestLongEmphasisFillsItsParts(t *testing.T) {
	parts := partsOf("**"+strings.Repeat("字", 5*MaxPart/2)+"**", MaxPart)
	for i, part := range parts {
		if n := utf16Length(part); n < MaxPart*9/10 && i < len(parts)-1 {
			t.Errorf("a part of %d units", n)
		}
	}
}

// TestSpansAreBounded: text in an image can say that a cell is 9999 rows high
// and as wide, above a hundred thousand rows.
func TestSpansAreBounded(t *testing.T) {
	const rows = 100_000
	in := "<table><tr><td rowspan=9999 colspan=9999>x</td></tr>" + strings.Repeat("<tr><td>y</td></tr>", rows) + "</table>"
	cells := 0
	for _, row := range Tables(in)[0].Rows {
		cells += len(row)
	}
	if cells > rows+maxSpanned+maxColumns || cells < rows {
		t.Errorf("%d cells", cells)
	}
}

// TestTagsBeforeBrokenTables: with a search through all tags before each table, the
// test would run for half an hour.
func TestTagsBeforeBrokenTables(t *testing.T) {
	const n = 150_000
	tags := 0
	for _, part := range Messages(strings.Repeat("<div>", n) + "x" + strings.Repeat("<table", n)).Parts {
		tags += strings.Count(part.Text, "&lt;")
	}
	if tags != 2*n {
		t.Errorf("%d tags of %d", tags, 2*n)
	}
}

func TestMessagesOfNothing(t *testing.T) {
	for _, in := range []string{"", " \n", "\u2800\u2800", "&nbsp;", "<b> </b>", "```\n\n```", "\u200b"} {
		if got := Messages(in); len(got.Parts) != 0 {
			t.Errorf("%q becomes %+v", in, got.Parts)
		}
	}
}

func TestPagesOfParts(t *testing.T) {
	page := strings.Repeat("Some words of this page. ", 300) // 7,500 characters
	result := Messages(page + PageBreak(2, 4) + page + PageBreak(3, 4) + "short" + PageBreak(4, 4) + page)
	want := [][2]int{{1, 1}, {2, 3}, {4, 4}}
	if len(result.Parts) != len(want) {
		t.Fatalf("%d parts, want %d", len(result.Parts), len(want))
	}
	for i, part := range result.Parts {
		if part.FirstPage != want[i][0] || part.LastPage != want[i][1] {
			t.Errorf("part %d is of pages %d to %d, want %v", i+1, part.FirstPage, part.LastPage, want[i])
		}
	}
	if second := result.Parts[1].Text; !strings.HasPrefix(second, "**Page 2 of 4**\n\nSome") || !strings.HasSuffix(second, "\n\n---\n\n**Page 3 of 4**\n\nshort") {
		t.Errorf("the second part is %.40q…%q", second, second[len(second)-40:])
	}
}

// TestBreaksBeforeHeadings: a part may end a third earlier for a heading.
func TestBreaksBeforeHeadings(t *testing.T) {
	words := func(n int) string { return strings.TrimSpace(strings.Repeat("word ", n)) }
	for name, tt := range map[string]struct {
		in   string
		want int // words in the first part of 1,000 characters
	}{
		"a heading at four fifths":    {words(160) + "\n\n# Head\n\n" + words(10) + "\n\n" + words(100), 160},
		"a heading at the half":       {words(100) + "\n\n# Head\n\n" + words(80) + "\n\n" + words(100), 181},
		"a paragraph over an item":    {words(150) + "\n\n- " + words(20) + "\n- " + words(20) + "\n- " + words(40), 150},
		"a sentence over a word":      {words(170) + ". " + words(100), 170},
		"a heading is no last line":   {words(190) + "\n\n# Head\n\n" + words(100), 190},
		"items where there is no gap": {"- " + strings.ReplaceAll(words(100), " ", "\n- ") + "\n- " + words(100), 100},
	} {
		t.Run(name, func(t *testing.T) {
			first := partsOf(tt.in, 1000)[0]
			if n := strings.Count(first, "word") + strings.Count(first, "Head"); n != tt.want {
				t.Errorf("%d words in the first part, want %d: …%q", n, tt.want, first[len(first)-30:])
			}
		})
	}
}

// TestTailBeginsInsideBlocks: the newest part of a long table is a table with
// its header, of a long code block code, however far back they began.
func TestTailBeginsInsideBlocks(t *testing.T) {
	for name, tt := range map[string]struct{ in, begins, ends string }{
		"code":              {"```go\n" + strings.Repeat("x := \"# **no heading**\"\n", 5000) + "end", "…\n\n```\nx :=", "end\n```"},
		"a table of pipes":  {"| a | b |\n|---|---|\n" + strings.Repeat("| one | two |\n", 50_000) + "| last", "…\n\n| a | b |\n|---|---|\n| one | two |", "| last | |"},
		"a table in HTML":   {"<table><tr><td>a</td><td>b</td></tr>" + strings.Repeat("<tr><td>one</td><td>two</td></tr>", 300) + "<tr><td>last", "…\n\n| a | b |\n|---|---|\n| one | two |", "| last | |"},
		"a very long table": {"<table><tr><td>a</td><td>b</td></tr>" + strings.Repeat("<tr><td>one</td><td>two</td></tr>", 90_000) + "<tr><td>last", "…\n\n| one | two |\n|---|---|\n| one | two |", "| last | |"},
		"text after code":   {"```\n" + strings.Repeat("code\n", 5000) + "```\n" + strings.Repeat("words of text. ", 2000), "…\n\nwords", "text."},
		"a heading":         {strings.Repeat("words of text. ", 2000) + "\n\n# Head", "…\n\nwords", "# Head"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Tail(tt.in, 1000, liveItems)
			if !strings.HasPrefix(got, tt.begins) || !strings.HasSuffix(got, tt.ends) || len(got) > 1000 || len(got) < 700 {
				t.Errorf("a tail of %d bytes: %.60q…%q", len(got), got, got[max(0, len(got)-40):])
			}
		})
	}
}
