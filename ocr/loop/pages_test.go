package loop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rows gives n lines that f makes.
func rows(n int, f func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i) + "\n")
	}
	return b.String()
}

func same(n int, line string) string { return rows(n, func(int) string { return line }) }

func html(n int, cells ...string) string {
	return "<table>" + strings.Repeat("<tr><td>"+strings.Join(cells, "</td><td>")+"</td></tr>", n) + "</table>\n"
}

// repetitive are pages as people post them, on which much stands more than once.
var repetitive = map[string]string{
	"a table of zeros in markdown":  "| Jan | Feb | Mar | Apr |\n|---|---|---|---|\n" + same(60, "| 0 | 0 | 0 | 0 |"),
	"a table of zeros in HTML":      html(60, slices.Repeat([]string{"0"}, 12)...),
	"a table of decimal zeros":      html(50, slices.Repeat([]string{"0.00"}, 10)...),
	"zeros in columns":              same(60, "0.00   0.00   0.00   0.00   0.00   0.00   0.00"),
	"zeros as CSV":                  same(80, "0,0,0,0,0,0,0,0,0,0,0,0"),
	"not available":                 html(40, slices.Repeat([]string{"N/A"}, 8)...),
	"yes in a column":               "| Item | Done |\n|---|---|\n" + rows(60, func(i int) string { return fmt.Sprintf("| Step %d | Yes |", i) }),
	"zeros in wide rows":            same(12, strings.Repeat("| 0.00 ", 80)+"|"),
	"an empty table":                html(60, slices.Repeat([]string{""}, 10)...),
	"an empty table in markdown":    same(60, "|      |      |      |      |      |"),
	"a timesheet":                   "| In | Out | Hours |\n|---|---|---|\n" + same(31, "| 08:00 | 17:00 | 8.0 |"),
	"a timesheet with a place":      html(31, "Office", "08:00", "17:00", "8.0", "Work"),
	"a sign-in sheet":               same(40, "Name: ____________________ Company: ______________ Time: ______"),
	"a sign-in sheet in HTML":       "<table><tr><th>Name</th><th>Signature</th></tr>" + strings.Repeat("<tr><td>____________</td><td>____________</td></tr>", 40) + "</table>",
	"a form with dots":              same(30, "First name ........................ Last name ........................"),
	"lines to write on":             same(35, strings.Repeat("_", 80)),
	"boxes to tick":                 rows(30, func(i int) string { return fmt.Sprintf("%d. ( ) Yes ( ) No ( ) Not applicable", i+1) }),
	"boxes to tick without numbers": same(30, "[ ] Yes  [ ] No  [ ] Not applicable"),
	"ballot boxes":                  same(40, "☐ Agree ☐ Disagree ☐ No opinion"),
	"a survey of numbers":           same(30, "1   2   3   4   5   6   7   8   9   10"),
	"contents with dot leaders": rows(60, func(i int) string {
		return fmt.Sprintf("Chapter %d %s %d", i+1, strings.Repeat(".", 60), i*7+3)
	}),
	"an index": rows(120, func(i int) string {
		return fmt.Sprintf("term %c%c, %d, %d-%d, see also term", 'a'+i/26, 'a'+i%26, i, i+3, i+9)
	}),
	"a bingo card": html(1, "B", "I", "N", "G", "O") + rows(5, func(i int) string { return fmt.Sprintf("| %d | %d | FREE | %d | %d |", i+1, i+17, i+48, i+61) }),
	"bingo cards": rows(12, func(i int) string {
		return fmt.Sprintf("| B | I | N | G | O |\n| %d | %d | FREE | %d | %d |\n| FREE | FREE | FREE | FREE | FREE |", i, i+16, i+31, i+61)
	}),
	"a crossword":          same(15, "# . . # . . . # . . # . . . #") + same(15, ". # . . . # . . # . . . # . ."),
	"a chess board":        strings.Repeat("| ♜ |   | ♝ |   | ♚ |   | ♞ |   |\n|   | ♟ |   | ♟ |   | ♟ |   | ♟ |\n", 8),
	"a drawing of lines":   "+" + strings.Repeat("-", 70) + "+\n" + same(30, "|"+strings.Repeat(" ", 70)+"|") + "+" + strings.Repeat("-", 70) + "+\n",
	"a drawing of letters": same(20, strings.Repeat("M", 80)) + same(20, strings.Repeat("MW", 40)),
	"a drawing of signs":   rows(40, func(i int) string { return strings.Repeat("/\\", 20+i%3) }) + same(20, strings.Repeat("~^", 40)),
	"a hex dump of zeros":  rows(40, func(i int) string { return fmt.Sprintf("%08x  %s", 16*i, strings.Repeat("00 ", 16)) }),
	"an array of zeros":    "int a[] = {\n" + same(40, "    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,") + "};\n",
	"a matrix":             `\begin{bmatrix}` + same(20, `0 & 0 & 0 & 0 & 0 & 0 \\`) + `\end{bmatrix}`,
	"closing braces":       rows(30, func(i int) string { return strings.Repeat(" ", 60-2*i) + "}" }),
	"generated code": rows(40, func(i int) string {
		return fmt.Sprintf("func (s *Server) Get%d(ctx context.Context) (*Reply, error) {\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn s.get(ctx, %d)\n}\n", i, i)
	}),
	"SQL": rows(60, func(i int) string {
		return fmt.Sprintf("INSERT INTO users (id, name, active) VALUES (%d, NULL, TRUE);", i)
	}),
	"log lines": rows(80, func(i int) string {
		return fmt.Sprintf("2026-01-02T03:04:%02d INFO request done status=200 took=3ms", i)
	}),
	"JSON":       rows(40, func(i int) string { return fmt.Sprintf(`  {"id": %d, "active": true, "tags": [], "parent": null},`, i) }),
	"a git diff": same(6, "+    return nil") + same(6, "-    return err") + strings.Repeat("+\t}\n", 20),
	"a receipt":  same(12, "Coffee               2.50") + "------------------------\nTOTAL               30.00\n",
	"price list": rows(60, func(i int) string {
		return fmt.Sprintf("Screw M%d x %d, zinc plated, 100 pcs ....... %d.99", i%10, i, i)
	}),
	"a refrain":     strings.Repeat("Row, row, row your boat,\nGently down the stream.\nMerrily, merrily, merrily, merrily,\nLife is but a dream.\n\n", 4),
	"a song":        strings.Repeat("Na na na nananana, nananana, hey Jude\n", 8) + prose,
	"a poem":        "Half a league, half a league,\nHalf a league onward,\n" + strings.Repeat("Cannon to right of them,\nCannon to left of them,\nCannon in front of them\nVolley'd and thunder'd;\n\n"+prose[:200]+"\n", 3),
	"laughter":      strings.Repeat("ha", 60) + "! " + strings.Repeat("lol ", 20),
	"lines of work": same(24, "I will not talk in class."[:11]),
	"a calendar": rows(12, func(i int) string {
		return fmt.Sprintf("Month %d\nMo Tu We Th Fr Sa Su\n 1  2  3  4  5  6  7\n 8  9 10 11 12 13 14\n15 16 17 18 19 20 21\n22 23 24 25 26 27 28\n", i+1)
	}),
	"four weeks":    strings.Repeat("| Mon | 08:00 | 17:00 |\n| Tue | 08:00 | 17:00 |\n| Wed | 08:00 | 17:00 |\n| Thu | 08:00 | 17:00 |\n| Fri | 08:00 | 15:00 |\n", 4),
	"three tickets": strings.Repeat("# Harbour Ferries\n\nSingle ticket, adult\nFrom: Town Pier\nTo: Island\n\nValid for one crossing on the day of issue only.\nKeep this ticket until you leave the ship.\nNo refunds. Conditions of carriage apply and can be read on board.\n\nFerries leave every hour from six in the morning to ten at night.\nOn Sundays and holidays the first one leaves at eight.\nDogs travel free; bicycles need a ticket of their own.\nLost property is kept at the Town Pier for thirty days; ask at the counter there.\n\nThank you for travelling with us, and have a good day on the island!\n\n", 3),
	"labels":        strings.Repeat("Ada Lovelace\n12 Harbour Street\nLondon SW1\n\n", 6),
	"times tables":  rows(144, func(i int) string { return fmt.Sprintf("%d x %d = %d", i/12+1, i%12+1, (i/12+1)*(i%12+1)) }),
	"guitar tabs":   strings.Repeat("e|---------------------------------|\nB|---------------------------------|\nG|---------------------------------|\nD|---------------------------------|\n\n", 12),
	"DNA":           "ATATATATATATATATATATATATATGCGCGCGCGCGCGCGCATATATATTTTTTTTTTTTTTTTGACCA\n",
	"footers":       strings.Repeat(prose+"Confidential. Do not copy.\n\n---\n\n", 2),
	"Chinese form":  same(20, "姓名：__________ 性别：____ 出生日期：__________"),
	"Chinese zeros": html(40, "零", "0.00", "0.00", "—"),
	"numbered steps": rows(50, func(i int) string {
		return fmt.Sprintf("%d. Press the button and wait until the light goes out.", i+1)
	}),
	"separators":     strings.Repeat(prose[:150]+"\n\n* * *\n\n", 3) + same(30, "---"),
	"padded numbers": rows(60, func(i int) string { return fmt.Sprintf("0000000000000000000000000000%08d", i) }),
}

// TestRepetitivePagesAreNoLoops: nothing of a real page may be lost.
func TestRepetitivePagesAreNoLoops(t *testing.T) {
	for name, page := range repetitive {
		for _, text := range []string{page, prose + page + prose} {
			if keep, took, loop := watch(text, 4); loop {
				t.Errorf("%s: a loop is seen after %d characters; %d are kept: %.200q", name, took, keep, text[:keep])
			}
		}
	}
	var all strings.Builder
	for _, page := range repetitive {
		all.WriteString(page + "\n")
	}
	if _, _, loop := watch(all.String(), 50); loop {
		t.Error("a loop is seen in all pages together")
	}
}
