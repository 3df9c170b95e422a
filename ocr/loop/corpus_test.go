package loop

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A text of the corpus is a page as people post it, whose lines or blocks stand
// on it many times because they were printed so many times.
type corpusText struct{ name, text string }

// corpus are 60 such pages, from half a page to a long screenshot.
func corpus() []corpusText {
	random := rand.New(rand.NewPCG(1, 2))
	number := func(n int) int { return random.IntN(n) }
	var texts []corpusText
	add := func(name, text string) { texts = append(texts, corpusText{name, text}) }
	lines := func(name string, n int, f func(i int) string) { add(name, rows(n, f)) }

	// Programs: traces, logs, statements.
	add("a stack trace of a recursion", "java.lang.StackOverflowError\n"+same(90, "\tat com.example.tree.Node.depth(Node.java:48)"))
	add("a stack trace of two functions in turn", "RecursionError: maximum recursion depth exceeded\n"+strings.Repeat("  File \"tree.py\", line 12, in walk\n    return visit(node.left)\n  File \"tree.py\", line 20, in visit\n    return walk(node)\n", 30))
	add("a stack trace of Go", "goroutine 1 [running]:\n"+strings.Repeat("main.(*parser).expr(0xc000012345, 0x1)\n\t/home/ada/calc/parser.go:131 +0x9c\n", 50))
	lines("a stack trace of JavaScript", 40, func(i int) string {
		return fmt.Sprintf("    at Array.map (<anonymous>)\n    at render (webpack:///./src/List.jsx?:%d:17)", i%3+41)
	})
	add("equal lines of a log", same(70, "[error] worker: connection to 10.0.0.7:5432 refused, retrying in 5 s"))
	lines("a log with the time", 110, func(i int) string {
		return fmt.Sprintf("2026-03-04 10:%02d:%02d,%03d WARN  pool-1 Connection is not available, request timed out", i/60, i%60, number(1000))
	})
	lines("a log with the time in whole seconds", 80, func(i int) string {
		return fmt.Sprintf("Mar  4 10:%02d:%02d gate kernel: eth0: link is not ready", i/60, i%60)
	})
	lines("an access log", 100, func(i int) string {
		return fmt.Sprintf("10.1.%d.%d - - [04/Mar/2026:10:00:%02d +0000] \"GET /api/v1/items/%d HTTP/1.1\" 200 %d", number(255), number(255), i%60, number(9999), number(90000))
	})
	lines("a ping", 60, func(i int) string {
		return fmt.Sprintf("64 bytes from 192.0.2.1: icmp_seq=%d ttl=56 time=%d.%d ms", i+1, 11+number(5), number(10))
	})
	lines("a build", 90, func(i int) string {
		return fmt.Sprintf("[%d/90] Building CXX object src/CMakeFiles/core.dir/part%02d.cpp.o", i+1, i)
	})
	lines("tests that passed", 80, func(i int) string { return fmt.Sprintf("ok %d - case %d passes", i+1, i+1) })
	lines("SQL inserts", 60, func(i int) string {
		return fmt.Sprintf("INSERT INTO cities (id, name, country_id, active) VALUES (%d, 'City %d', %d, TRUE);", i+1, i+1, number(200))
	})
	add("equal SQL inserts", same(40, "INSERT INTO visits (page, user_id) VALUES ('/index.html', NULL);"))
	lines("SQL rows", 100, func(i int) string {
		return fmt.Sprintf("(%d, 'open', '2026-01-%02d', NULL, 0.00),", 1000+i, i%28+1)
	})
	lines("JSON", 70, func(i int) string {
		return fmt.Sprintf("    {\n      \"id\": %d,\n      \"type\": \"point\",\n      \"x\": %d.%02d,\n      \"y\": %d.%02d\n    },", i, number(90), number(100), number(180), number(100))
	})
	add("YAML", strings.Repeat("  - name: web\n    image: nginx:1.27\n    restart: always\n    ports: [\"80:80\"]\n", 12))
	lines("assembler", 90, func(i int) string {
		return fmt.Sprintf("  %06x:\t48 83 c0 08          \tadd    $0x8,%%rax", 0x401000+4*i)
	})
	lines("a memory dump", 100, func(i int) string {
		return fmt.Sprintf("%08x  %02x %02x %02x %02x %02x %02x %02x %02x  ........", 8*i, number(256), number(256), number(256), number(256), number(256), number(256), number(256), number(256))
	})
	add("a memory dump of zeros", rows(100, func(i int) string { return fmt.Sprintf("%08x  00 00 00 00 00 00 00 00  ........", 8*i) }))
	lines("a list of files", 90, func(i int) string {
		return fmt.Sprintf("-rw-r--r-- 1 ada staff %6d Mar  4 10:%02d IMG_%04d.JPG", number(900000), i%60, 1200+i)
	})
	lines("a progress bar", 50, func(i int) string {
		return fmt.Sprintf("Downloading model.bin: %3d%% [%s%s]", 2*i, strings.Repeat("=", i), strings.Repeat(" ", 50-i))
	})
	add("a git log of merges", same(30, "* Merge branch 'main' into release"))

	// Offices: signatures, labels, slips, forms.
	add("signature blocks", strings.Repeat("Signature: ______________________________\nPrint name: _____________________________\nTitle: __________________________________\nDate: ___________________________________\n\n", 12))
	add("signature blocks of a contract", strings.Repeat("IN WITNESS WHEREOF, the parties have executed this Agreement.\n\nBy: ______________________\nName:\nTitle:\nDate:\n\n", 8))
	add("address labels", strings.Repeat("Grace Hopper\nNavy Yard Building 2\n1400 Harbour Road\nArlington VA 22202\n\n", 30))
	add("return labels in three columns", same(10, "Ada Lovelace        Ada Lovelace        Ada Lovelace")+same(10, "12 Harbour Street   12 Harbour Street   12 Harbour Street"))
	add("price labels", strings.Repeat("Organic oat milk 1 l\n1.99\n1.99 / l\n\n", 24))
	add("deposit slips", strings.Repeat("DEPOSIT SLIP\nAccount number: ____________\nName: ____________________\nDate: ________\nCash: ______  Cheques: ______\nTotal: ______\nSignature: ____________________\n\n", 6))
	add("deposit slips in two columns", strings.Repeat("<table><tr><td>Bank copy</td><td>Customer copy</td></tr><tr><td>Account no.</td><td>Account no.</td></tr><tr><td>Amount in words</td><td>Amount in words</td></tr><tr><td>Signature</td><td>Signature</td></tr></table>\n\n", 8))
	add("raffle tickets", rows(40, func(i int) string { return fmt.Sprintf("SUMMER FAIR RAFFLE   No. %04d\nOne ticket 1.00\n", 1+i) }))
	add("equal tickets", strings.Repeat("ADMIT ONE\nSummer fair\nSaturday 2 pm\n\n", 30))
	add("name badges", strings.Repeat("HELLO\nmy name is\n\n____________\n\n", 20))
	add("coupons", strings.Repeat("10 % OFF\nValid until 31 March. One for each purchase. Not with other offers.\n\n", 16))
	add("business cards", strings.Repeat("Ada Lovelace\nAnalyst\nEngines Ltd.\n+44 20 7946 0000\nada@engines.example\n\n", 10))
	add("a ballot", rows(40, func(i int) string {
		return fmt.Sprintf("%d. Proposal %d   ( ) For   ( ) Against   ( ) Abstain", i+1, i+1)
	}))
	add("a questionnaire", rows(30, func(i int) string {
		return fmt.Sprintf("Q%d. Strongly disagree ☐ Disagree ☐ Neutral ☐ Agree ☐ Strongly agree ☐", i+1)
	}))
	add("a bank statement", rows(80, func(i int) string {
		return fmt.Sprintf("%02d.03.2026 Card payment Supermarket -%d,%02d %d,%02d", i%31+1, number(90), number(100), number(9000), number(100))
	}))
	add("a phone bill", rows(90, func(i int) string {
		return fmt.Sprintf("%02d/03 %02d:%02d 020 7946 %04d Local call %d:%02d 0.00", i%31+1, number(24), number(60), number(10000), number(20), number(60))
	}))
	add("an invoice of one thing", same(35, "Consulting, senior engineer, 1 h          120.00"))
	add("a roster", strings.Repeat("<tr><td>Early</td><td>Early</td><td>Late</td><td>Late</td><td>Off</td><td>Off</td><td>Off</td></tr>\n", 30))
	add("equal clauses", rows(25, func(i int) string {
		return fmt.Sprintf("%d. The Supplier shall indemnify the Customer against all losses arising from a breach of clause %d.", i+1, i+2)
	}))

	// Verse and prayer.
	add("a litany", strings.Repeat("Lord, have mercy.\nChrist, have mercy.\n", 6)+rows(50, func(i int) string { return fmt.Sprintf("Saint %s, pray for us.", strings.Split(prose, " ")[i]) }))
	add("a rosary", strings.Repeat("Hail Mary, full of grace, the Lord is with thee.\nBlessed art thou among women.\n\n", 10))
	add("a mantra", same(108, "Om mani padme hum"))
	add("a psalm", rows(26, func(i int) string {
		return fmt.Sprintf("%s the %s,\nfor his mercy endureth for ever.", prose[i*5:i*5+12], prose[i*7:i*7+15])
	}))
	add("a refrain", strings.Repeat("We all live in a house by the sea,\na house by the sea, a house by the sea.\n", 12))
	add("lines as a punishment", same(50, "I will not throw paper aeroplanes in class."))
	add("a handwriting sheet", same(24, "A a A a A a A a A a A a A a A a A a A a"))
	add("a song without words", same(16, "La la la la la la la la la la la"))

	// Numbers.
	add("a table of numbers", rows(60, func(int) string {
		return fmt.Sprintf("| %d | %d | %d | %d | %d | %d |", number(9999), number(9999), number(9999), number(9999), number(9999), number(9999))
	}))
	add("a table of decimals", rows(90, func(i int) string {
		return fmt.Sprintf("<tr><td>%d</td><td>%d.%03d</td><td>%d.%03d</td><td>%d.%03d</td><td>%d.%03d</td></tr>", i, number(99), number(1000), number(99), number(1000), number(99), number(1000), number(99), number(1000))
	}))
	add("random digits", rows(50, func(i int) string {
		return fmt.Sprintf("%05d  %05d %05d %05d %05d %05d %05d %05d", i, number(100000), number(100000), number(100000), number(100000), number(100000), number(100000), number(100000))
	}))
	add("logarithms", rows(60, func(i int) string {
		return fmt.Sprintf("%d  %04d %04d %04d %04d %04d %04d %04d %04d", 100+i, number(10000), number(10000), number(10000), number(10000), number(10000), number(10000), number(10000), number(10000))
	}))
	add("a table of times", rows(70, func(i int) string {
		return fmt.Sprintf("%02d:%02d %02d:%02d %02d:%02d %02d:%02d %02d:%02d", 5+i/4, i%4*15, 5+i/4, i%4*15+3, 5+i/4, i%4*15+6, 5+i/4, i%4*15+9, 5+i/4, i%4*15+13)
	}))
	add("numbers from 1 to 1000", rows(100, func(i int) string {
		return strings.TrimSpace(fmt.Sprintln(10*i+1, 10*i+2, 10*i+3, 10*i+4, 10*i+5, 10*i+6, 10*i+7, 10*i+8, 10*i+9, 10*i+10))
	}))
	add("marks", html(40, "1", "2", "1", "3", "2", "2", "1"))
	add("bingo cards", strings.Repeat("| B | I | N | G | O |\n", 1)+rows(60, func(int) string {
		return fmt.Sprintf("| %d | %d | FREE | %d | %d |", 1+number(15), 16+number(15), 46+number(15), 61+number(15))
	}))
	add("equal bingo cards", strings.Repeat("<table><tr><td>3</td><td>17</td><td>FREE</td><td>48</td><td>66</td></tr><tr><td>8</td><td>21</td><td>33</td><td>59</td><td>70</td></tr></table>\n", 12))
	add("an empty ledger", html(70, "", "", "", "", "", "", "", ""))
	add("a sudoku", rows(9*6, func(i int) string { return strings.Repeat("| . ", 9) + fmt.Sprintf("| %d", i%9+1) }))
	return texts
}

// TestLegitimateRepetitionStays: the first reading may take one of these for a
// loop; then the second one has room. At most one is cut by both.
func TestLegitimateRepetitionStays(t *testing.T) {
	texts := corpus()
	if len(texts) != 60 {
		t.Fatalf("%d texts", len(texts))
	}
	again, cut := 0, 0
	for _, c := range texts {
		if _, _, loop := watch(c.text, 4); !loop {
			continue
		}
		again++
		if keep, took, loop := watchWith(Guard{Room: true}, c.text, 4); loop {
			cut++
			t.Logf("%s: cut after %d characters; %d are kept", c.name, took, keep)
		}
	}
	t.Logf("of %d texts %d are read again, and %d are cut", len(texts), again, cut)
	if cut > 1 {
		t.Errorf("%d texts are cut", cut)
	}
}
