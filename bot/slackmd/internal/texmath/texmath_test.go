package texmath

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLine(t *testing.T) {
	for tex, want := range map[string]string{
		// Scripts, spaces and signs.
		`x^{2}\,\geq\;0`:                "x² ≥ 0",
		`E = m c ^ { 2 }`:               "E = mc²",
		`2 5 ~ \mathrm { m m }`:         "25 mm",
		`x_{max}y`:                      "xₘₐₓy",
		`v_{AB}t`:                       "v_AB t",
		`x^{n+1}_{i}`:                   "xⁿ⁺¹ᵢ",
		`{}^{14}C`:                      "¹⁴C",
		`20^\circ`:                      "20°",
		`f''(x)`:                        "f′′(x)",
		`a \not= b`:                     "a ≠ b",
		`x\to 0`:                        "x→0",
		`x = -1`:                        "x = -1",
		`3 \times 10^{8}\,\mathrm{m/s}`: "3 × 10⁸ m/s",
		`10\%`:                          "10%",
		`\hat{x}_1 + \overline{AB}`:     "x\u0302₁ + A\u0305B\u0305",
		`\mathbb{E}[X] \in \mathbb{R}`:  "𝔼[X] ∈ ℝ",
		`\left( x \right.`:              "(x",
		// A fraction is what it was, whatever stands beside it.
		`\frac{k}{m}x`:                  "(k/m)x",
		`\frac{T}{V}\ln Z`:              "(T/V) ln Z",
		`\frac{x}{y}^2`:                 "(x/y)²",
		`x\frac{k}{m}`:                  "x(k/m)",
		`\frac{a}{b}\frac{c}{d}`:        "(a/b)(c/d)",
		`\frac{a}{b}(c+d)`:              "(a/b)(c+d)",
		`\frac{a}{b}\,dx`:               "(a/b) dx",
		`\frac{a}{b}\sqrt{c}`:           "(a/b)√c",
		`\frac{n}{2}!`:                  "(n/2)!",
		`\frac{n}{2}!^2`:                "(n/2)!²",
		`a/\frac{b}{c}`:                 "a/(b/c)",
		`\frac{a}{b}/c`:                 "(a/b)/c",
		`\frac{\frac{a}{b}}{c}`:         "(a/b)/c",
		`2\frac{3}{7}`:                  "2 3/7",
		`1\frac12`:                      "1½",
		`\frac{a+b}{2a}`:                "(a+b)/(2a)",
		`\frac{2a}{b} + 1`:              "2a/b + 1",
		`\frac{dy}{dx}`:                 "dy/dx",
		`\frac{\partial u}{\partial t}`: "∂u/∂t",
		`e^{-\frac{E}{kT}}`:             "e^(-E/(kT))",
		`{n \over 2}`:                   "n/2",
		`\ln\frac{a}{b}`:                "ln(a/b)",
		`\binom{n}{k}`:                  "(n choose k)",
		// So is a root.
		`\sqrt{2}x`:      "(√2)x",
		`\sqrt{x+1}`:     "√(x+1)",
		`\sqrt{x}^2`:     "(√x)²",
		`\sqrt{n}!`:      "(√n)!",
		`\sqrt[3]{x}`:    "∛x",
		`\sqrt[n]{ab}`:   "ⁿ√(ab)",
		`\sqrt{x^2} + 1`: "√x² + 1",
		// Names and big signs stand apart.
		`k\ln Z`:                         "k ln Z",
		`\sin\theta`:                     "sin θ",
		`\sin(x)`:                        "sin(x)",
		`\log_2 n`:                       "log₂ n",
		`\sum_{i=1}^{n} i`:               "∑ᵢ₌₁ⁿ i",
		`\int_0^1 x\,dx = \frac{1}{2}`:   "∫₀¹ x dx = ½",
		`\lim_{x\to 0} \frac{\sin x}{x}`: "lim_(x→0) (sin x)/x",
		`\max(a, b)`:                     "max(a, b)",
		`\operatorname{rank}(A)`:         "rank(A)",
		`\text{speed} = \frac{\text{distance}}{\text{time}}`: "speed = distance/time",
		`x \text{ if } y`: "x if y",
		`x = 1 \tag{3}`:   "x = 1  (3)",
		// What is empty adds nothing.
		`\overset{}{x} = \underset{ }{y}`: "x = y",
		`A \xrightarrow{} B`:              "A → B",
		// Rows in a line.
		`\begin{pmatrix} a & b \\ c & d \end{pmatrix}\begin{pmatrix} x \\ y \end{pmatrix}`: "(a, b; c, d)(x; y)",
		`\begin{aligned} [x] &= 1 \\ [y] &= 2 \\ [2pt] z &= 3 \end{aligned}`:               "[x] = 1; [y] = 2; z = 3",
		`\begin{array}[t]{c} [a] \\ [-.5em] [b] \end{array}`:                               "[a]; [b]",
		`\begin{aligned}[t] [b] &= 1 \end{aligned}`:                                        "[b] = 1",
		`\begin{aligned} [c] &= 1 \end{aligned}`:                                           "[c] = 1",
		`\begin{array} [t] {c} a \end{array}`:                                              "a",
		`\begin{array}{c} d \\ [mm] \\ 5 \end{array}`:                                      "d; [mm]; 5",
		`\begin{gathered} x \\[1pc] y \\[+0,5cm] z \\[.5\baselineskip] 1 \end{gathered}`:   "x; y; z; 1",
		`\begin{aligned} x &= 1 \\ y &= 2 \end{aligned}`:                                   "x = 1; y = 2",
	} {
		if got, ok := Line(tex); got != want || !ok {
			t.Errorf("%s becomes %q, %v; want %q", tex, got, ok, want)
		}
	}
}

func TestLines(t *testing.T) {
	for tex, want := range map[string]string{
		`x = 1`: "x = 1",
		`\begin{align*} a &= b+c \\ &= d \end{align*}`: "a = b+c|= d",
		`a = b \\ c = d`: "a = b|c = d",
		`\begin{equation} \begin{split} a &= b \\ c &= d \end{split} \end{equation}`:             "a = b; c = d",
		`f(x) = \begin{cases} x^2 & \text{if } x > 0, \\ 0 & \text{otherwise} \end{cases}.`:      "f(x) =|{ x²,  if x > 0,|{ 0,  otherwise.",
		`A = \begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}`:                                       "A =|[ 1  0 ]|[ 0  1 ]",
		`\left[ \begin{array}{cc} 1 & 0 \\ 0 & 1 \end{array} \right]`:                            "[ 1  0 ]|[ 0  1 ]",
		`\left\{ \begin{array}{l} x = 1 \\ y = 2 \end{array} \right.`:                            "{ x = 1|{ y = 2",
		`\begin{pmatrix} a & b \\ c & d \end{pmatrix} \begin{pmatrix} x \\ y \end{pmatrix} = 0`:  "(a, b; c, d)(x; y) = 0",
		`\begin{aligned} \begin{pmatrix} a \\ b \end{pmatrix} &= c \\[2pt] d &= e \end{aligned}`: "(a; b) = c|d = e",
	} {
		lines, ok := Lines(tex)
		if got := strings.Join(lines, "|"); got != want || !ok {
			t.Errorf("%s becomes %q, %v; want %q", tex, got, ok, want)
		}
	}
}

// TestRefused: what has no signs is refused whole, not shown in part.
func TestRefused(t *testing.T) {
	for _, tex := range []string{
		``, `\unknown{x}`, `\frac{a}`, `{a`, `a}`, `\begin{pmatrix} a`, `\begin{tikzpicture} x \end{tikzpicture}`, `\sqrt`, `\underbrace{a}_{b}`,
		`\mathbb{ab}`, `\hat{xy}`, `a & \unknown`, `\begin{align} a \end{gather}`, `x^`, `\left`, strings.Repeat("{", 100) + strings.Repeat("}", 100),
		`\substack`, `A \xrightarrow[T]{p} B`,
		strings.Repeat(`\text{`, 100) + `$x$` + strings.Repeat("}", 100),
	} {
		if line, ok := Line(tex); ok {
			t.Errorf("%s becomes %q", tex, line)
		}
		if lines, ok := Lines(tex); ok {
			t.Errorf("%s becomes %q", tex, lines)
		}
	}
}

// TestAnyArguments: no command fails for the lack or the form of its arguments.
func TestAnyArguments(t *testing.T) {
	commands := strings.Fields(`\left \right \middle \frac \binom \sqrt \overset \underset \xrightarrow \not \tag \pmod \bmod \label
		\textcolor \substack \text \operatorname \mathbb \mathcal \mathrm \mathbf \over \choose \begin \end \sum \hat \hspace \sin \big \alpha`)
	for name := range environments {
		commands = append(commands, `\begin{`+name+"}")
	}
	arguments := []string{"", "{}", "{ }", "{a}", "a", "1", "{", "}", "[]", "[", "[a]", "^", "_", "'", "&", `\\`, `\`, "$", `\frac`, `\alpha`}
	for _, command := range commands {
		for _, first := range arguments {
			for _, second := range arguments {
				Line("x" + command + first + second)
				Lines(command + first + second + "x")
			}
		}
	}
}

// TestNothingIsLost: every letter and digit of a formula of letters, digits,
// scripts and fractions is shown, in order.
func TestNothingIsLost(t *testing.T) {
	part := rapid.SampledFrom([]string{"Q", "b", "7", "12", " ", "+", "=", "(", ")", "^{Q}", "_{Q7}", `\frac{Q}{7}`, `\sqrt{Q+b}`, `\text{ or }`, `\,`, `\left(`, `\right)`, `\\`, "&", `\hat{Q}`})
	rapid.Check(t, func(t *rapid.T) {
		tex := strings.Join(rapid.SliceOfN(part, 0, 20).Draw(t, "parts"), "")
		lines, ok := Lines(tex)
		if !ok {
			return
		}
		var want strings.Builder
		for _, r := range strings.NewReplacer(`\frac`, "", `\sqrt`, "", `\text`, "", `\left`, "", `\right`, "", `\hat`, "").Replace(tex) {
			if unicode.IsLetter(r) || r >= '0' && r <= '9' {
				want.WriteRune(r)
			}
		}
		if got := letters(strings.Join(lines, " ")); got != want.String() {
			t.Errorf("%s becomes %q: %s, want %s", tex, lines, got, want.String())
		}
	})
}

// letters are the letters and digits of a text, raised and lowered ones as well.
func letters(s string) string {
	plain := map[rune]rune{}
	for _, table := range []map[rune]rune{superscripts, subscripts} {
		for from, to := range table {
			plain[to] = from
		}
	}
	var out strings.Builder
	for _, r := range s {
		if from, ok := plain[r]; ok {
			r = from
		}
		if unicode.IsLetter(r) || r >= '0' && r <= '9' {
			out.WriteRune(r)
		}
	}
	return out.String()
}

func FuzzLines(f *testing.F) {
	f.Add(`\begin{cases} \frac{a}{b}^2 & \text{if $x$} \\ \sqrt[3]{x} \end{cases}`)
	f.Add(`\overset{}{x} \xrightarrow{a} \underset{b}{\max} \substack{a} \not= \mathbb{R} \tag{1}`)
	f.Add(`\begin{array}[t]{c} \left[ a' \right. \\[2pt] \hat{x} \over \binom{n}{k}! \end{array}`)
	f.Fuzz(func(t *testing.T, tex string) {
		tex = tex[:min(len(tex), 4000)]
		line, ok := Line(tex)
		lines, _ := Lines(tex)
		if ok && (line == "" || utf8.ValidString(tex) && !utf8.ValidString(line)) || len(line) > 20*len(tex)+100 || len(strings.Join(lines, "")) > 20*len(tex)+100 {
			t.Errorf("%q becomes %q and %q", tex, line, lines)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for name, tex := range map[string]string{
		"usual":    `P(A|B) = \frac{P(B|A)\,P(A)}{P(B)}`,
		"nested":   strings.Repeat("{", 39) + "x" + strings.Repeat("}", 39),
		"scripts":  strings.Repeat("x_1", 1300),
		"fraction": strings.Repeat(`\frac12`, 570),
		"braces":   strings.Repeat("{}", 2000),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(tex)))
			for b.Loop() {
				Line(tex)
			}
		})
	}
}
