package witness_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"slackocr/ocr/witness"
)

// spellings is how many models read each page.
const spellings = 10

// A model that only writes otherwise what stands on the page is not corrected.
func TestOtherSpellingsAreNoFaults(t *testing.T) {
	all := papers()
	numbers, marks := 0, 0
	for i, layer := range layersOf(t, all) {
		if layer == nil {
			t.Errorf("%s has no good layer", all[i].kind)
			continue
		}
		for seed := range uint64(spellings) {
			read := strings.Join(all[i].markdown(newStyle(seed+1000*uint64(i))), "\n")
			numbers += countNumbers(read)
			r := layer.Check(read)
			marks += r.Corrected + r.Marked + r.MadeUp + len(r.Missing)
			if r.Text != read || len(r.Missing) > 0 || !r.Agrees || r.Covered < 0.95 {
				t.Errorf("%s: of %.2f, %d corrected, %d marked, %d made up, missing %q", all[i].kind, r.Covered, r.Corrected, r.Marked, r.MadeUp, r.Missing)
			}
		}
	}
	t.Logf("%d pages, %d numbers, %d false marks", len(all), numbers, marks)
}

func countNumbers(text string) (n int) {
	for word := range strings.FieldsSeq(text) {
		if strings.ContainsFunc(word, unicode.IsDigit) {
			n++
		}
	}
	return n
}

// faults change what a model has written, a string for each line. They return nil
// where the page has nothing to change.
var faults = map[string]func(r *rand.Rand, read []string) []string{
	"digit changed": func(r *rand.Rand, read []string) []string {
		for range 50 {
			i := r.IntN(len(read))
			runes := []rune(read[i])
			var at []int
			for j, c := range runes {
				if unicode.IsDigit(c) {
					at = append(at, j)
				}
			}
			if len(at) == 0 || strings.HasPrefix(read[i], `\[`) {
				continue
			}
			j := at[r.IntN(len(at))]
			zero := '0'
			if runes[j] > '9' {
				zero = '０'
			}
			runes[j] = zero + (runes[j]-zero+1+r.Int32N(8))%10
			read[i] = string(runes)
			return read
		}
		return nil
	},
	"line left out": func(r *rand.Rand, read []string) []string {
		for range 50 {
			i := r.IntN(len(read))
			if countLetters(read[i]) < 2 || strings.HasPrefix(read[i], `\[`) {
				continue
			}
			if sentences := strings.SplitAfter(read[i], ". "); len(sentences) > 2 {
				read[i] = strings.Join(slices.Delete(sentences, 1, 2), "")
			} else {
				read = slices.Delete(read, i, i+1)
			}
			return read
		}
		return nil
	},
	"line made up": func(r *rand.Rand, read []string) []string {
		c := content{r}
		i := r.IntN(len(read))
		line := c.sentences("en", 1)
		switch {
		case strings.HasPrefix(read[i], "|"):
			line = "| " + c.words("en", 2) + " | " + c.amount(0) + " |"
			if i+1 < len(read) && strings.HasPrefix(read[i+1], "|--") {
				i++
			}
		case strings.HasPrefix(read[i], "<tr>"):
			line = "<tr><td>" + c.words("en", 2) + "</td><td>" + c.amount(0) + "</td></tr>"
		case strings.Contains(read[i], ". ") && !strings.HasPrefix(read[i], "##"):
			read[i] = strings.Replace(read[i], ". ", ". "+line+" ", 1)
			return read
		}
		return slices.Insert(read, i+1, line)
	},
	"early stop": func(r *rand.Rand, read []string) []string {
		text := []rune(strings.Join(read, "\n"))
		return []string{string(text[:len(text)*(15+r.IntN(75))/100])}
	},
	"loop": func(r *rand.Rand, read []string) []string {
		for range 50 {
			i := r.IntN(len(read))
			if countLetters(read[i]) < 8 {
				continue
			}
			again := read[max(0, i-r.IntN(3)) : i+1]
			return slices.Concat(read[:i+1], slices.Repeat(again, 3+r.IntN(20)))
		}
		return nil
	},
}

func countLetters(text string) (n int) {
	for _, r := range strings.NewReplacer("table", "", "tr", "", "td", "").Replace(text) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// digits are those of a text, in ASCII.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case '０' <= r && r <= '９':
			return r - '０' + '0'
		case '0' <= r && r <= '9':
			return r
		}
		return -1
	}, text)
}

// wantNoticed is the share of faults that must be noticed.
const wantNoticed = 0.99

func TestFaultsAreNoticed(t *testing.T) {
	all := papers()
	layers := layersOf(t, all)
	for name, fault := range faults {
		tried, noticed, corrected := 0, 0, 0
		for i, layer := range layers {
			if layer == nil {
				continue // another test says so
			}
			for seed := range uint64(2 * spellings) {
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				was := all[i].markdown(newStyle(seed + 1000*uint64(i)))
				read := fault(random, slices.Clone(was))
				if read == nil {
					continue
				}
				tried++
				r := layer.Check(strings.Join(read, "\n"))
				switch {
				case isNoticed(name, r):
					noticed++
				case testing.Verbose():
					t.Logf("%s, %s: not noticed in\n%s", name, all[i].kind, r.Text)
				}
				if name == "digit changed" && r.Corrected > 0 {
					corrected++
					if got, want := digits(r.Text), digits(strings.Join(was, "\n")); got != want {
						t.Errorf("%s: a wrong correction: %s, want %s", all[i].kind, got, want)
					}
				}
			}
		}
		t.Logf("%s: %d of %d noticed, %d corrected", name, noticed, tried, corrected)
		if float64(noticed) < wantNoticed*float64(tried) {
			t.Errorf("%s: only %d of %d were noticed", name, noticed, tried)
		}
	}
}

// isNoticed reports whether a report says of the fault. A text with less than half
// of the page gives way to the layer.
func isNoticed(fault string, r witness.Report) bool {
	gone := r.Covered < 0.5
	switch {
	case !r.Agrees:
		return false
	case fault == "digit changed":
		return r.Corrected+r.Marked > 0 || r.MadeUp > 0 && len(r.Missing) > 0
	case fault == "line left out", fault == "early stop":
		return len(r.Missing) > 0 || gone
	case fault == "loop":
		return r.MadeUp+r.Marked > 0 || gone
	}
	return r.MadeUp+r.Marked > 0
}

func BenchmarkCheck(b *testing.B) {
	all := papers()
	layers := layersOf(b, all)
	var read []string
	for i, p := range all {
		read = append(read, strings.Join(p.markdown(newStyle(uint64(i))), "\n"))
	}
	for b.Loop() {
		for i, layer := range layers {
			layer.Check(read[i])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(all)), "µs/page")
}
