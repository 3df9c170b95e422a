package loop

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// watch gives a text to a guard in pieces of about size bytes and returns how
// many characters it took to find a loop.
func watch(text string, size int) (keep, took int, loop bool) { return watchWith(Guard{}, text, size) }

func watchWith(g Guard, text string, size int) (keep, took int, loop bool) {
	for rest := text; rest != ""; {
		n := min(size, len(rest))
		for n < len(rest) && !utf8.RuneStart(rest[n]) {
			n++
		}
		if keep, loop = g.Add(rest[:n]); loop {
			return keep, int(g.tail.now.chars), true
		}
		rest = rest[n:]
	}
	return 0, 0, false
}

const prose = "The harbour was quiet that morning, and the ferry had not yet come in from the island. " +
	"Two men stood at the end of the pier and spoke of the weather, of prices, and of a boat that had been sold twice.\n\n" +
	"\"Nobody believes it,\" said the older one, \"but I have seen the papers, and they bear the same number.\" " +
	"The other laughed, threw his cigarette into the water and walked back to the warehouse where the crates of oranges " +
	"were being counted for the third time since Monday by a clerk who trusted neither his eyes nor his pencil.\n\n"

// longProse is n characters that do not repeat themselves.
func longProse(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "Paragraph %d, of %x things: %s seen from %d sides. ", i, i*i*7919, prose[i%40:60+i%90], i*31)
	}
	return b.String()[:n]
}

// loops are what a model writes for ever: the period, after some text.
var loopTable = map[string]string{
	"one character":                "a",
	"one character of Chinese":     "的",
	"two characters":               "ab",
	"digits":                       "0",
	"a number without end":         "1234567890",
	"dotted digits":                "1.",
	"a word":                       "the ",
	"a word and a comma":           "foo, ",
	"a phrase":                     "I love you ",
	"a sentence":                   "The quick brown fox jumps over the lazy dog. ",
	"a line":                       "Total revenue for the year 2019\n",
	"a line of Chinese":            "本公司董事会及全体董事保证本公告内容不存在任何虚假记载\n",
	"two lines":                    "Name of the patient: John Smith\nDate of birth: 12 May 1970\n",
	"a list item":                  "- Check the oil level and refill where needed\n",
	"a heading":                    "## Introduction\n\n",
	"a formula":                    `\( x_{1} + y_{2} = z \) `,
	"an item and a line end":       "item\n\n",
	"a table row of text":          "| The first quarter | of the fiscal year | was better than | anybody had expected |\n",
	"an HTML row of text":          "<tr><td>The first quarter</td><td>of the fiscal year</td><td>was better than anybody had expected</td></tr>",
	"a paragraph":                  longProse(300) + "\n\n",
	"a block of five lines":        longProse(100) + "\n" + longProse(97)[20:] + "\nfive\nfour\n\n",
	"the longest period":           longProse(499) + "\n",
	"a block of lines beyond that": strings.ReplaceAll(longProse(1200), ". ", ".\n") + "\n",
	"a page":                       strings.ReplaceAll(longProse(3000), ". ", ".\n") + "\n",
	"a table, head and all": "<table><tr><th>Name</th><th>Street</th><th>Town</th></tr><tr><td>Ada</td><td>Harbour Street 1</td><td>London</td></tr>" +
		"<tr><td>Grace</td><td>Pier Road 22</td><td>New York</td></tr></table>\n\n",
}

// TestLoops: each loop is found within 400 characters of its third copy, and one
// copy is kept.
func TestLoops(t *testing.T) {
	for name, period := range loopTable {
		for _, before := range []string{"", "# Page\n\n" + prose} {
			t.Run(name, func(t *testing.T) {
				text := before + strings.Repeat(period, 3+1500/len(period)) + strings.Repeat(period, 2)
				third := utf8.RuneCountInString(before + strings.Repeat(period, 3))
				for _, size := range []int{1, 4, 1000, len(text)} {
					keep, took, loop := watch(text, size)
					if !loop || took > third+400 {
						t.Fatalf("found is %v after %d characters, want at most %d", loop, took, third+400)
					}
					kept := text[:keep]
					whole := strings.HasPrefix(strings.TrimSpace(kept), strings.TrimSpace(before+period))
					if copies := strings.Count(kept[min(len(before), len(kept)):], period); !whole || copies > 1 || len(kept) >= len(before)+2*len(period) && len(period) > 4 {
						t.Fatalf("kept %d copies of %q: %q", copies, period, kept[max(0, len(kept)-400):])
					}
				}
			})
		}
	}
}

// TestEveryPeriod finds loops of all lengths from 1 to 500 characters.
func TestEveryPeriod(t *testing.T) {
	text := strings.ReplaceAll(longProse(4000), ".", "x")
	for period := 1; period <= maxPeriod; period++ {
		part := text[period : 2*period]
		if _, took, loop := watch(prose+strings.Repeat(part, 6+400/period), 4); !loop || took > len(prose)+3*period+400 {
			t.Errorf("a period of %d characters is found: %v, after %d", period, loop, took-len(prose))
		}
	}
}

// TestEndlessSignsEndSomewhere: what may stand on a page in any number still
// does not go on for ever.
func TestEndlessSignsEndSomewhere(t *testing.T) {
	for _, period := range []string{".", "_", " .", "| 0 ", "<td>0</td>", "<td></td>", "0, ", "<tr><td></td></tr>\n", "|---", "\\_", "# # "} {
		keep, _, loop := watch(prose+strings.Repeat(period, 10_000), 100)
		if !loop || keep > len(prose)+4*len(period) {
			t.Errorf("%q without end is found: %v, and %d bytes are kept", period, loop, keep-len(prose))
		}
	}
}

// TestTailOfALoopThatAnEndpointFound needs no more than three copies.
func TestTailOfALoopThatAnEndpointFound(t *testing.T) {
	for text, want := range map[string]string{
		prose + strings.Repeat("one two three\n", 3): prose + "one two three\n",
		prose: "",
	} {
		var g Guard
		if _, loop := g.Add(text); loop {
			t.Fatal("found already")
		}
		if keep, loop := g.Repeated(); text[:keep] != want || loop != (want != "") {
			t.Errorf("kept %q, %v", text[:keep], loop)
		}
	}
}

func TestGuardDoesNotDependOnTheCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"ab ", "<td>", "</td>", "<tr>", "0", "\n", "漢", "<", "long words here ", "<b", ">", strings.Repeat("x y z\n", 80)})
		text := strings.Join(rapid.SliceOfN(part, 1, 60).Draw(t, "parts"), "")
		text += strings.Repeat(text, rapid.IntRange(0, 5).Draw(t, "copies"))
		wantKeep, wantTook, want := watch(text, len(text))
		keep, took, loop := watch(text, rapid.IntRange(1, 50).Draw(t, "size"))
		// In pieces the guard stops within the piece; the numbers are the same.
		if loop != want || keep != wantKeep || took != wantTook {
			t.Fatalf("%d, %d, %v in pieces; %d, %d, %v at once", keep, took, loop, wantKeep, wantTook, want)
		}
		if loop && (keep <= 0 || keep > len(text) || !utf8.ValidString(text[:keep])) {
			t.Fatalf("keeps %d of %d bytes", keep, len(text))
		}
	})
}

func FuzzGuard(f *testing.F) {
	f.Add("a", "b", 100)
	f.Add("<table><tr><td>", "0</td><td>", 1000)
	f.Add("\xff<", "漢\n\n", 40)
	f.Fuzz(func(t *testing.T, before, period string, copies int) {
		if len(before) > 1000 || len(period) > 1000 {
			return
		}
		text := before + strings.Repeat(period, max(0, min(copies, 20_000/(len(period)+1))))
		keep, _, loop := watch(text, 7)
		if loop && (keep <= 0 || keep > len(text)) || utf8.ValidString(text) && !utf8.ValidString(text[:keep]) {
			t.Fatalf("keeps %d of %d bytes", keep, len(text))
		}
	})
}

// BenchmarkGuard reads 1 MB.
func BenchmarkGuard(b *testing.B) {
	for name, text := range map[string]string{
		"prose": longProse(1 << 20),
		"table": "<table>" + strings.ReplaceAll(longProse(700_000), " ", "</td><td>0.00</td></tr>\n<tr><td>"),
		"zeros": strings.Repeat(strings.Repeat("<td>0</td>", 400)+longProse(200), 250),
	} {
		b.Run(name, func(b *testing.B) {
			text = text[:min(len(text), 1<<20)]
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				for rest := text; rest != ""; {
					var g Guard
					n := min(len(rest), 100_000)
					for piece := rest[:n]; piece != ""; piece = piece[min(4, len(piece)):] {
						if _, loop := g.Add(piece[:min(4, len(piece))]); loop {
							break
						}
					}
					rest = rest[n:]
				}
			}
		})
	}
}
