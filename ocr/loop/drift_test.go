package loop

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drifts are runs of at least n bytes that hardly repeat themselves exactly.
var drifts = map[string]func(n int) string{
	"a counter in a matrix": count(func(i int) string { return fmt.Sprintf(`%d \\ `, i+1) }),
	"a counter in lines":    count(func(i int) string { return fmt.Sprintf("%d.\n", i+17) }),
	"a counter by tens":     count(func(i int) string { return fmt.Sprintf("%d, ", 10*i) }),
	"a counter downwards":   count(func(i int) string { return fmt.Sprintf("x_{%d} + ", 5000-i) }),
	"a counter of halves":   count(func(i int) string { return fmt.Sprintf("%d.%d & ", i/2, i%2*5) }),
	"numbered sentences": count(func(i int) string {
		return fmt.Sprintf("%d. The supplier delivers the goods to the place that the customer names.\n", i+1)
	}),
	"numbered sentences in one line": count(func(i int) string {
		return fmt.Sprintf("(%d) The contract ends when either party gives notice in writing. ", i+1)
	}),
	"a numbered paragraph": count(func(i int) string { return fmt.Sprintf("## %d %s\n\n", i+1, prose) }),
	"zeros and a counter": count(func(i int) string {
		return strings.Repeat("0 ", 8+i*7%3) + fmt.Sprint(100+i) + " "
	}),
	"numbers that drift": digits(func(r *rand.Rand, i int) string { return fmt.Sprintf("%d ", r.IntN(3)+i/400) }),
	"decimals in a line": digits(func(r *rand.Rand, i int) string { return fmt.Sprintf("0.%04d, ", r.IntN(10_000)) }),
	"assignments":        count(func(i int) string { return fmt.Sprintf("%c' = %d, ", 'A'+i%26, i/40) }),
	"a sentence with any number": digits(func(r *rand.Rand, _ int) string {
		return fmt.Sprintf("The amount of %d is paid to the account of the seller.\n", r.IntN(100_000))
	}),
	"dates":               count(func(i int) string { return fmt.Sprintf("%d January %d: closed\n", i%31+1, 1990+i/31) }),
	"spaces of a formula": words(`\quad `, `\quad `, `\qquad `, `\qquad `, `\ `),
	"a command in pieces": words("overline[[", "overline[", "overline][|", "overlined|", "overline\n\n"),
	"empty cells":         words("<td></td>", "<td></td>", "<td></td>", "<td></td>", "<td></td>", "<td></td>", "</tr><tr>", "<td><td></td></td>", `<td colspan="2"></td>`),
	"cells with a rare name": words(append(strings.SplitAfter(strings.Repeat("<td></td>,", 40), ","),
		"</tr><tr>", "</tr><tr>", "</tr><tr>", "<td>g(0)</td>")...),
	"Markdown cells":       words("|  ", "|  ", "|  ", "|  ", "|\n", "| - "),
	"words in turn":        words("and ", "or ", "and the ", "or the ", "the "),
	"items with a counter": count(func(i int) string { return fmt.Sprintf("- [ ] Task %d\n", i) }),
	"rows that count": count(func(i int) string {
		return fmt.Sprintf("<tr><td>%d</td><td>Item %d</td><td>%d.00</td></tr>", i, i+100, i+1000)
	}),
	"characters of Chinese": count(func(i int) string {
		return fmt.Sprintf("第%d条 甲方应当按照本合同的约定履行义务。\n", i+1)
	}),
}

func count(part func(i int) string) func(n int) string {
	return func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(part(i))
		}
		return b.String()
	}
}

func digits(part func(r *rand.Rand, i int) string) func(n int) string {
	return func(n int) string {
		r := rand.New(rand.NewPCG(3, 4))
		return count(func(i int) string { return part(r, i) })(n)
	}
}

// words gives parts in any order.
func words(parts ...string) func(n int) string {
	return digits(func(r *rand.Rand, _ int) string { return strings.TrimSuffix(parts[r.IntN(len(parts))], ",") })
}

// otherProse is n bytes of the words of a text, in any order.
func otherProse(n int) string { return words(strings.SplitAfter(prose, " ")...)(n) }

// page is what stands before a run.
const page = "# The harbour\n\n" + prose + "| Ship | Crew | Tons |\n|---|---|---|\n| Albatross | 12 | 840 |\n| Heron | 9 | 515 |\n| Kittiwake | 31 | 2207 |\n\n" +
	`\[ f(x) = \begin{cases} \frac{1}{4} & x = -2 \\ \frac{1}{2} & x = 1 \end{cases} \]` + "\n\nNone of this had been planned, as the owner said.\n\n"

// TestRegularTextAtTheLimit: the text before the run stays, and at most 300
// characters of the run.
func TestRegularTextAtTheLimit(t *testing.T) {
	for name, run := range drifts {
		for _, before := range []string{"", page} {
			for _, n := range []int{8000, 16_000, 30_000} {
				for _, room := range []bool{false, true} {
					g := Guard{Room: room}
					text := before + run(n)
					keep, loop := g.Add(text)
					if !loop {
						keep, loop = g.AtLimit()
					}
					if !loop || keep < len(before)-20 || keep > len(before)+300 {
						t.Errorf("%s: of %d bytes after %d, a loop is %v, and %d bytes of it are kept", name, len(text), len(before), loop, keep-len(before))
					}
				}
			}
		}
	}
}

// TestVeryRegularTextIsFoundWhileItComes: it is found while it comes.
func TestVeryRegularTextIsFoundWhileItComes(t *testing.T) {
	for _, name := range []string{"a counter in a matrix", "numbered sentences", "a counter by tens", "zeros and a counter", "rows that count", "a numbered paragraph"} {
		text := page + drifts[name](40_000)
		keep, took, loop := watch(text, 4)
		if !loop || took > len(page)+20_000 || keep > len(page)+300 {
			t.Errorf("%s: a loop is %v after %d characters, and %d are kept", name, loop, took-len(page), keep-len(page))
		}
	}
}

// TestRegularTextThatHasEnded is no loop where enough other text follows it.
func TestRegularTextThatHasEnded(t *testing.T) {
	var g Guard
	text := page + drifts["numbered sentences"](4000) + "\n\n" + otherProse(3000)
	if _, loop := g.Add(text); loop {
		t.Fatal("found while it came")
	}
	if keep, loop := g.AtLimit(); loop {
		t.Errorf("keeps %d of %d bytes", keep, len(text))
	}
}

// TestPagesThatWereCut: real text at the limit stays whole.
func TestPagesThatWereCut(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	number := func() int { return r.IntN(90_000) }
	for name, text := range map[string]string{
		"prose": page + otherProse(9000),
		"a table of numbers": rows(200, func(int) string {
			return fmt.Sprintf("| %d | %d | %d | %d |", number(), number(), number(), number())
		}),
		"an HTML table of numbers": rows(150, func(i int) string {
			return fmt.Sprintf("<tr><td>Station %d</td><td>%d</td><td>%d</td><td>%d.%d</td></tr>", i, number(), number(), number(), number())
		}),
		"a list of names": rows(200, func(i int) string {
			return fmt.Sprintf("%d. %x, %x street %d", i, number()*7919, number()*7907, number())
		}),
		"a log": rows(150, func(i int) string {
			return fmt.Sprintf("10:00:%02d user %x GET /items/%d took %d ms", i%60, number()*7919, number(), number())
		}),
		"a short run": page + drifts["numbered sentences"](1200),
	} {
		var g Guard
		_, early := g.Add(text)
		if keep, loop := g.AtLimit(); loop || early {
			t.Errorf("%s: keeps %d of %d bytes", name, keep, len(text))
		}
	}
}

func TestLimitDoesNotDependOnTheCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"zeros and a counter", "empty cells", "numbered sentences", "words in turn", "assignments"})
		text := page[:rapid.IntRange(0, len(page)).Draw(t, "before")] + drifts[names.Draw(t, "run")](rapid.IntRange(0, 5000).Draw(t, "length"))
		text = strings.ToValidUTF8(text, "")
		var whole, pieces Guard
		wantKeep, want := whole.Add(text)
		var keep int
		var loop bool
		size := rapid.IntRange(1, 50).Draw(t, "size")
		for rest := text; rest != "" && !loop; {
			n := min(size, len(rest))
			for n < len(rest) && rest[n]&0xC0 == 0x80 {
				n++
			}
			keep, loop = pieces.Add(rest[:n])
			rest = rest[n:]
		}
		if !want && !loop {
			wantKeep, want = whole.AtLimit()
			keep, loop = pieces.AtLimit()
		}
		if keep != wantKeep || loop != want || keep > len(text) {
			t.Fatalf("%d, %v in pieces; %d, %v at once", keep, loop, wantKeep, want)
		}
	})
}

func FuzzAtLimit(f *testing.F) {
	f.Add("# A\n\n", "1. The same sentence.\n2. The same sentence.\n", 90)
	f.Add("<table>", "<tr><td></td><td></td></tr>", 600)
	f.Add("\xff", "99999999999999999999 ", 200)
	f.Fuzz(func(t *testing.T, before, period string, copies int) {
		if len(before) > 1000 || len(period) > 1000 {
			return
		}
		text := before + strings.Repeat(period, max(0, min(copies, 20_000/(len(period)+1))))
		var g Guard
		if _, loop := g.Add(text); loop {
			return
		}
		if keep, loop := g.AtLimit(); loop && (keep <= 0 || keep > len(text)) {
			t.Fatalf("keeps %d of %d bytes", keep, len(text))
		}
	})
}
