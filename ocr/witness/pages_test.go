package witness_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
	"slackocr/ocr/witness"
)

// A paper is a page before it is set: blocks of text, from which both the PDF and
// what a model may write of it are made.
type paper struct {
	kind    string
	columns int // of prose; 0 is one
	blocks  []block
	sheet   pagetest.Sheet // its size and what else is on it
}

type block struct {
	style string     // heading, prose, lines, list, table, formula, note
	rows  [][]string // of a table; else one cell each
	read  string     // what a model writes of a formula
}

func heading(text string) block { return block{style: "heading", rows: [][]string{{text}}} }
func prose(text string) block   { return block{style: "prose", rows: [][]string{{text}}} }
func lines(all ...string) block { return block{style: "lines", rows: single(all)} }
func list(all ...string) block  { return block{style: "list", rows: single(all)} }
func table(rows ...[]string) block {
	return block{style: "table", rows: rows}
}

func single(all []string) (rows [][]string) {
	for _, s := range all {
		rows = append(rows, []string{s})
	}
	return rows
}

// set lays a paper out as a page of a PDF.
func (p paper) set() pagetest.Sheet {
	s := p.sheet
	if s.Width == 0 {
		s.Width, s.Height = 595, 842
	}
	const margin, leading = 55.0, 13.0
	columns := max(p.columns, 1)
	gap := 24.0
	width := (s.Width - 2*margin - gap*float64(columns-1)) / float64(columns)
	x, y, top := margin, 70.0, 70.0
	put := func(x float64, size float64, text string) {
		s.Texts = append(s.Texts, pagetest.Text{X: x, Y: y, Size: size, Text: text})
	}
	next := func() {
		if y += leading; y > s.Height-60 && columns > 1 {
			x, y = x+width+gap, top
		}
	}
	for _, b := range p.blocks {
		switch b.style {
		case "heading":
			y += 6
			put(x, 16, b.rows[0][0])
			y += leading
			if x == margin && len(s.Texts) == 1 {
				top = y + 10
			}
		case "table":
			step := (s.Width - 2*margin) / float64(len(b.rows[0]))
			for _, r := range b.rows {
				for i, cell := range r {
					if cell != "" {
						put(margin+step*float64(i), 10, cell)
					}
				}
				s.Rules = append(s.Rules, pagetest.Rule{X: margin, Y: y + 4, ToX: s.Width - margin, ToY: y + 4})
				y += leading + 4
			}
		default:
			for _, r := range b.rows {
				for _, line := range wrap(r[0], width) {
					put(x, 10, line)
					next()
				}
			}
		}
		y += 8
	}
	return s
}

// wrap breaks a text into lines, and words at soft hyphens.
func wrap(text string, width float64) []string {
	var out []string
	line := ""
	em := 6.2
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x590 }) {
		em = 10.2
	}
	n := int(width / em)
	if !strings.Contains(text, " ") {
		runes := []rune(text)
		for len(runes) > n {
			out, runes = append(out, string(runes[:n])), runes[n:]
		}
		return append(out, string(runes))
	}
	for word := range strings.FieldsSeq(text) {
		whole := strings.ReplaceAll(word, "\u00ad", "")
		if len([]rune(line+" "+whole)) <= n || line == "" {
			line = strings.TrimSpace(line + " " + whole)
			continue
		}
		if first, rest, ok := strings.Cut(word, "\u00ad"); ok && len([]rune(line+" "+first)) < n {
			out = append(out, line+" "+first+"-")
			line = strings.ReplaceAll(rest, "\u00ad", "")
			continue
		}
		out = append(out, line)
		line = whole
	}
	return append(out, line)
}

// A style says how a model writes what it reads.
type style struct {
	random *rand.Rand
	html   bool // tables
	number func(string) string
}

func newStyle(seed uint64) style {
	r := rand.New(rand.NewPCG(seed, 7))
	thin := strings.NewReplacer(",", "\u2009", " ", "\u202f")
	full := strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３", "4", "４", "5", "５", "6", "６", "7", "７", "8", "８", "9", "９", ".", "．")
	forms := []func(string) string{
		func(s string) string { return s },
		func(s string) string { return s },
		func(s string) string {
			if comma := strings.Index(s, ","); comma >= 0 && comma < strings.Index(s, ".") { // 1,234.50
				return thin.Replace(s)
			}
			return s
		},
		func(s string) string {
			if comma := strings.Index(s, ","); comma >= 0 && comma < strings.Index(s, ".") {
				return strings.ReplaceAll(s, ",", "")
			}
			return s
		},
		func(s string) string { return full.Replace(s) },
		func(s string) string { return "**" + s + "**" },
		func(s string) string { return "$" + strings.ReplaceAll(s, "%", `\%`) + "$" },
	}
	return style{r, r.IntN(2) == 0, forms[r.IntN(len(forms))]}
}

var spelled = strings.NewReplacer("\u00ad", "", "ﬁ", "fi", "ﬂ", "fl", "’", "'", "…", "...", "•", "-")

// inline writes a text as a model may.
func (s style) inline(text string) string {
	words := strings.Fields(spelled.Replace(text))
	for i, w := range words {
		core := strings.TrimRight(w, ",.;:)")
		tail := w[len(core):]
		switch {
		case isFigure(core):
			words[i] = s.number(core) + tail
		case len(core) > 5 && s.random.IntN(60) == 0:
			words[i] = "**" + core + "**" + tail
		case len(core) > 6 && s.random.IntN(150) == 0 && strings.Trim(core, "abcdefghijklmnopqrstuvwxyz") == "": // misread
			words[i] = core[:2] + "rn" + core[3:] + tail
		}
	}
	return strings.ReplaceAll(strings.Join(words, " "), "&", "&amp;")
}

func isFigure(w string) bool {
	return w != "" && strings.Trim(w, "0123456789.,") == "" && strings.ContainsAny(w, "0123456789")
}

// markdown is what a model writes of the paper, a string for each of its lines.
func (p paper) markdown(s style) []string {
	var out []string
	for _, b := range p.blocks {
		switch {
		case b.read != "":
			out = append(out, b.read)
		case b.style == "heading":
			out = append(out, "## "+s.inline(b.rows[0][0]))
		case b.style == "table":
			out = append(out, s.table(b.rows)...)
		case b.style == "list":
			for _, r := range b.rows {
				out = append(out, "- "+strings.TrimPrefix(s.inline(r[0]), "- "))
			}
		case b.style == "note": // a page's number, which models leave out
		default:
			for _, r := range b.rows {
				out = append(out, s.inline(r[0]))
			}
		}
		out = append(out, "")
	}
	return out
}

func (s style) table(rows [][]string) []string {
	out := []string{"<table>"}
	for i, r := range rows {
		var cells []string
		for _, c := range r {
			cells = append(cells, s.inline(c))
		}
		switch {
		case s.html:
			out = append(out, "<tr><td>"+strings.Join(cells, "</td><td>")+"</td></tr>")
		default:
			out = append(out, "| "+strings.Join(cells, " | ")+" |")
			if i == 0 {
				out = append(out, "|"+strings.Repeat("---|", len(r)))
			}
		}
	}
	if !s.html {
		return out[1:]
	}
	return append(out, "</table>")
}

// content draws words and figures for papers.
type content struct{ *rand.Rand }

var vocabulary = map[string][]string{
	"en": strings.Fields("garden letter window office ﬁnd ﬂoor report meeting table station winter river market council project budget weather engine village school bridge answer supply contract member account paper question evening company history during between without several another morning because however always little under after their which about would there first found made long year work time people water"),
	"de": strings.Fields("Gar\u00adten Brief Fenster Büro Bericht Sitzung Tisch Bahnhof Winter Fluss Markt Rat Projekt Haushalt Wetter Maschine Dorf Schule Brücke Antwort Lieferung Vertrag Mitglied Konto Papier Frage Abend Firma Geschichte während zwischen ohne mehrere anderer Morgen weil jedoch immer wenig unter nach ihr welche über würde dort zuerst gefunden gemacht lang Jahr Arbeit Zeit Leute Wasser"),
	"fr": strings.Fields("jardin lettre fenêtre bureau rapport réunion table gare hiver rivière marché conseil projet budget météo moteur village école pont réponse contrat membre compte papier question soirée société histoire pendant entre sans plusieurs autre matin parce cependant toujours peu sous après leur lequel environ ferait premier trouvé fait long année travail temps gens eau"),
	"ru": strings.Fields("сад письмо окно отчёт встреча стол вокзал зима река рынок совет проект бюджет погода двигатель деревня школа мост ответ договор участник счёт бумага вопрос вечер компания история между без несколько другой утро однако всегда мало под после который около первый найдено сделано длинный год работа время люди вода"),
	"el": strings.Fields("κήπος γράμμα παράθυρο γραφείο έκθεση τραπέζι σταθμός χειμώνας ποτάμι αγορά έργο καιρός μηχανή χωριό σχολείο γέφυρα απάντηση μέλος χαρτί ερώτηση βράδυ εταιρεία ιστορία ανάμεσα χωρίς άλλος πρωί πάντα λίγο κάτω μετά πρώτο χρόνος δουλειά νερό"),
	"he": strings.Fields("גן מכתב חלון משרד דוח פגישה שולחן תחנה חורף נהר שוק מועצה פרויקט תקציב מנוע כפר גשר תשובה חוזה חבר חשבון נייר שאלה ערב חברה בין בלי אחר בוקר תמיד מעט תחת אחרי ראשון שנה עבודה זמן אנשים מים"),
	"zh": strings.Fields("花园 信件 窗户 办公室 报告 会议 桌子 车站 冬天 河流 市场 项目 预算 天气 机器 村庄 学校 桥梁 回答 合同 成员 账户 纸张 问题 晚上 公司 历史 之间 没有 几个 早上 因为 总是 很少 以后 首先 工作 时间 人民 水"),
}

func (c content) words(language string, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = vocabulary[language][c.IntN(len(vocabulary[language]))]
	}
	if language == "zh" {
		return strings.Join(all, "")
	}
	return strings.Join(all, " ")
}

// sentences are words with figures and dates in them.
func (c content) sentences(language string, n int) string {
	var all []string
	for range n {
		s := c.words(language, 7+c.IntN(9))
		if c.IntN(3) == 0 {
			if language == "zh" {
				s += fmt.Sprint(100 + c.IntN(9000))
			} else {
				s += " " + c.amount(0)
			}
		}
		if language == "zh" {
			all = append(all, s+"。")
		} else {
			all = append(all, s+".")
		}
	}
	if language == "zh" {
		return strings.Join(all, "")
	}
	return strings.Join(all, " ")
}

// amount is a sum as it is written in one of several countries.
func (c content) amount(country int) string {
	whole, cents := 1+c.IntN(9), c.IntN(100)
	if c.IntN(2) == 0 {
		whole = 10 + c.IntN(980)
	}
	thousands := c.IntN(900) + 100
	big := c.IntN(3) == 0
	group, point := ",", "."
	switch country {
	case 1:
		group, point = ".", ","
	case 2:
		group, point = " ", ","
	case 3:
		group, point = "’", "."
	}
	if big {
		return fmt.Sprintf("%d%s%03d%s%02d", whole, group, thousands, point, cents)
	}
	return fmt.Sprintf("%d%s%02d", whole, point, cents)
}

func (c content) date() string {
	return fmt.Sprintf([]string{"%02d/%02d/20%02d", "%02d.%02d.20%02d", "%02d-%02d-20%02d"}[c.IntN(3)], 1+c.IntN(28), 1+c.IntN(12), c.IntN(30))
}

func (c content) id() string {
	return fmt.Sprintf("%c%c-%04d-%05d", 'A'+c.IntN(26), 'A'+c.IntN(26), c.IntN(10_000), c.IntN(100_000))
}

// papers are pages of many kinds.
func papers() []paper {
	var all []paper
	for round := range uint64(3) {
		c := content{rand.New(rand.NewPCG(round, 1))}
		for _, language := range []string{"en", "de", "fr", "ru", "el", "he", "zh"} {
			all = append(all, c.letter(language))
		}
		all = append(all, c.receipt(), c.invoice(int(round)), c.invoice(int(round)+1), c.statement(), c.columns(2), c.columns(3),
			c.science(), c.timetable(), c.slide())
	}
	return all
}

func (c content) letter(language string) paper {
	p := paper{kind: "letter " + language, blocks: []block{
		lines(c.words(language, 2), c.words(language, 3)+" "+fmt.Sprint(1+c.IntN(99))),
		lines(c.date()), heading(c.words(language, 3)),
	}}
	for range 3 + c.IntN(3) {
		p.blocks = append(p.blocks, prose(c.sentences(language, 4)))
	}
	p.blocks = append(p.blocks, list("• "+c.words(language, 4), "• "+c.words(language, 5)), lines(c.words(language, 2)))
	return p
}

func (c content) receipt() paper {
	var rows [][]string
	for range 9 {
		rows = append(rows, []string{fmt.Sprint(1+c.IntN(4)) + " " + c.words("en", 2), c.amount(0)})
	}
	rows = append(rows, []string{"Subtotal", c.amount(0)}, []string{"Total", c.amount(0)}, []string{"Card", c.amount(0)})
	return paper{kind: "receipt", sheet: pagetest.Sheet{Width: 320, Height: 480}, blocks: []block{
		heading("Corner Bakery"), lines("28 Mill Lane", "Tel 01454 555 0137"), table(rows...), lines("Thank you " + c.date()),
	}}
}

func (c content) invoice(country int) paper {
	rows := [][]string{{"Item", "Code", "Quantity", "Price"}}
	for range 12 {
		rows = append(rows, []string{c.words("en", 2), c.id(), fmt.Sprint(1 + c.IntN(60)), c.amount(country % 4)})
	}
	rows = append(rows, []string{"Total due", "", "", c.amount(country % 4)})
	return paper{kind: "invoice", blocks: []block{
		heading("Invoice 2026-" + fmt.Sprint(1000+c.IntN(9000))), lines("Alder Workshop Ltd", "Unit 3, Canal Yard", c.date()),
		table(rows...), prose("Please pay " + c.amount(country%4) + " to account 0" + fmt.Sprint(1_000_000+c.IntN(8_000_000)) + ", sort code 00-11-22. " + c.sentences("en", 2)),
		{style: "note", rows: [][]string{{"Page " + fmt.Sprint(1+c.IntN(9)) + " of 9"}}},
	}}
}

func (c content) statement() paper {
	rows := [][]string{{"Date", "Text", "Out", "In", "Balance"}}
	for range 30 {
		row := []string{c.date(), c.words("en", 1+c.IntN(2)), "", "", c.amount(0)}
		row[2+c.IntN(2)] = c.amount(0)
		rows = append(rows, row)
	}
	return paper{kind: "statement", blocks: []block{heading("Statement of account"), table(rows...)}}
}

func (c content) columns(n int) paper {
	p := paper{kind: fmt.Sprintf("%d columns", n), columns: n, blocks: []block{heading(c.words("en", 4))}}
	for range 4 {
		p.blocks = append(p.blocks, prose(c.sentences("de", 3)+" "+c.sentences("en", 2)))
	}
	return p
}

func (c content) science() paper {
	return paper{kind: "science", blocks: []block{
		heading("1.2 " + c.words("en", 4)), prose(c.sentences("en", 5)),
		{style: "formula", rows: [][]string{{"E = m c² + ½ k x²"}}, read: `\[ E = m c^{2} + \frac{1}{2} k x^{2} \]`},
		prose(c.sentences("en", 3) + " See [12, 14–16]."),
		table([]string{"n", "mean", "error"}, []string{"10", "0.4812", "± 0.0021"}, []string{"100", "0.4977", "± 0.0007"}, []string{"1000", "0.49991", "± 0.00009"}),
		list("• "+c.words("en", 5), "• at least 95% of "+c.words("en", 3)), prose(c.sentences("en", 4)),
	}}
}

func (c content) timetable() paper {
	rows := [][]string{{"Station", "A", "B", "C", "D", "E"}}
	for range 18 {
		row := []string{c.words("en", 1)}
		for range 5 {
			row = append(row, fmt.Sprintf("%02d:%02d", c.IntN(24), c.IntN(60)))
		}
		rows = append(rows, row)
	}
	return paper{kind: "timetable", sheet: pagetest.Sheet{Width: 842, Height: 595}, blocks: []block{heading("Timetable 12/2026"), table(rows...)}}
}

func (c content) slide() paper {
	return paper{kind: "slide", sheet: pagetest.Sheet{Width: 720, Height: 405}, blocks: []block{
		heading(c.words("en", 3)), list("• "+c.words("en", 4)+" +12%", "• "+c.words("en", 3)+" "+c.amount(0), "• "+c.words("en", 5)),
	}}
}

// layersOf sets papers as one PDF and returns the layers that it carries.
func layersOf(t testing.TB, all []paper) []*witness.Layer {
	t.Helper()
	var sheets []pagetest.Sheet
	for _, p := range all {
		sheets = append(sheets, p.set())
	}
	name := filepath.Join(t.TempDir(), "file.pdf")
	if err := os.WriteFile(name, pagetest.TextPDF(sheets...), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	doc, err := page.NewDecoder(page.DecoderConfig{}).Open(t.Context(), file, page.Options{MaxPages: len(all)})
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	var layers []*witness.Layer
	for i := range all {
		l, err := doc.Layer(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, l)
	}
	return layers
}
