package texmath

import "strings"

// pairs returns a table from the runes of from to those of to, which must have
// the same number of runes.
func pairs(from, to string) map[rune]rune {
	table := map[rune]rune{}
	signs := []rune(to)
	for i, r := range []rune(from) {
		table[r] = signs[i]
	}
	return table
}

// set returns the words of s as a set.
func set(s string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(s) {
		all[word] = true
	}
	return all
}

// table returns a table of the words of s, which are keys and values in turn.
func table(s string) map[string]string {
	all := map[string]string{}
	words := strings.Fields(s)
	for i := 0; i+1 < len(words); i += 2 {
		all[words[i]] = words[i+1]
	}
	return all
}

// The signs that Unicode has as superscript and subscript:
// https://www.unicode.org/charts/PDF/U2070.pdf
var (
	superscripts = pairs("0123456789+-−=()niabcdefghjklmoprstuvwxyzTABDEGHIJKLMNOPRUVW′∗*βγδθφχ",
		"⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂ′**ᵝᵞᵟᶿᵠᵡ")
	subscripts = pairs("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ")
)

// alphabets are letters in special styles: 𝔼, ℒ.
var alphabets = func() map[string]map[rune]rune {
	double := pairs("ABCDEFGHIJKLMNOPQRSTUVWXYZ1", "𝔸𝔹ℂ𝔻𝔼𝔽𝔾ℍ𝕀𝕁𝕂𝕃𝕄ℕ𝕆ℙℚℝ𝕊𝕋𝕌𝕍𝕎𝕏𝕐ℤ𝟙")
	script := pairs("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "𝒜ℬ𝒞𝒟ℰℱ𝒢ℋℐ𝒥𝒦ℒℳ𝒩𝒪𝒫𝒬ℛ𝒮𝒯𝒰𝒱𝒲𝒳𝒴𝒵")
	return map[string]map[rune]rune{"mathbb": double, "mathcal": script, "mathscr": script}
}()

var fractions = map[string]string{
	"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾", "1/5": "⅕", "1/8": "⅛", "3/8": "⅜", "5/8": "⅝", "7/8": "⅞",
}

// negated maps signs to the single sign that \not makes of them.
var negated = table("= ≠ ∈ ∉ ⊂ ⊄ ⊆ ⊈ ≡ ≢ ∃ ∄ ∼ ≁ ≈ ≉ ∣ ∤ ∥ ∦")

// accents maps commands to combining marks.
var accents = map[string]string{
	"hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0305", "vec": "\u20d7", "overrightarrow": "\u20d7", "overleftarrow": "\u20d6",
	"tilde": "\u0303", "widetilde": "\u0303", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c", "acute": "\u0301",
	"grave": "\u0300", "breve": "\u0306", "mathring": "\u030a", "underline": "\u0332",
}

// words are the names of functions.
var words = set(`sin cos tan cot sec csc sinh cosh tanh coth log ln lg exp det dim ker deg gcd hom arg mod Pr arcsin arccos arctan tr rank diag sgn`)

// bigSigns stand before their operand.
var bigSigns = table(`sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigvee ⋁ bigwedge ⋀ bigsqcup ⨆
	lim lim limsup limsup liminf liminf max max min min sup sup inf inf argmax argmax argmin argmin`)

// spacing maps commands to the spaces that LaTeX draws.
var spacing = map[string]string{
	"quad": "  ", "qquad": "  ", "enspace": " ", "thinspace": " ", "space": " ", "medspace": " ", "thickspace": " ", "hspace": " ", "vspace": " ",
}

// silent are commands that do not change the meaning of a formula.
var silent = set(`big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm displaystyle textstyle scriptstyle scriptscriptstyle
	limits nolimits nonumber notag rm bf it sf tt cal boldmath normalsize small large Large footnotesize mathstrut strut hfill hline
	centering allowbreak nobreak scriptsize tiny mit`)

// environment says how the rows of an environment are shown.
type environment struct {
	left, right string // of each row
	columns     bool   // the cells are columns, not parts of a line
	argument    bool   // an argument describes the columns
}

var environments = map[string]environment{
	"align": {}, "aligned": {}, "alignat": {argument: true}, "alignedat": {argument: true}, "gather": {}, "gathered": {}, "split": {},
	"eqnarray": {}, "multline": {}, "multlined": {}, "equation": {}, "flalign": {}, "subequations": {}, "displaymath": {}, "math": {},
	"cases": {left: "{", columns: true}, "dcases": {left: "{", columns: true}, "rcases": {right: "}", columns: true},
	"matrix": {columns: true}, "smallmatrix": {columns: true}, "array": {columns: true, argument: true}, "tabular": {columns: true, argument: true},
	"pmatrix": {left: "(", right: ")", columns: true}, "bmatrix": {left: "[", right: "]", columns: true},
	"Bmatrix": {left: "{", right: "}", columns: true}, "vmatrix": {left: "|", right: "|", columns: true}, "Vmatrix": {left: "‖", right: "‖", columns: true},
}

// signs are the commands that stand for a sign.
var signs = table(`
alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν
xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω digamma ϝ varkappa ϰ
Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
times × cdot · div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ wedge ∧ land ∧ vee ∨ lor ∨
cap ∩ cup ∪ setminus ∖ smallsetminus ∖ backslash \ neg ¬ lnot ¬ sqcup ⊔ sqcap ⊓ uplus ⊎ amalg ⨿ diamond ⋄ ltimes ⋉ rtimes ⋊ dotplus ∔ wr ≀
le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ lt < gt > ll ≪ gg ≫ approx ≈ sim ∼ simeq ≃ cong ≅ equiv ≡ propto ∝
leqq ≦ geqq ≧ lesssim ≲ gtrsim ≳ prec ≺ succ ≻ preceq ≼ succeq ≽ triangleq ≜ coloneqq ≔ colon : approxeq ≊ thickapprox ≈ nleq ≰ ngeq ≱
subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ supsetneq ⊋ sqsubseteq ⊑ sqsupseteq ⊒ in ∈ notin ∉ ni ∋ perp ⊥ bot ⊥ top ⊤
parallel ∥ mid ∣ nmid ∤ models ⊨ vdash ⊢ dashv ⊣ vDash ⊨ asymp ≍ doteq ≐ bowtie ⋈ smile ⌣ frown ⌢
to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ implies ⇒ Leftarrow ⇐ impliedby ⇐ Leftrightarrow ⇔ iff ⇔
longrightarrow ⟶ longleftarrow ⟵ longleftrightarrow ⟷ Longrightarrow ⟹ Longleftarrow ⟸ Longleftrightarrow ⟺ mapsto ↦ longmapsto ⟼
uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ rightharpoons ⇌ rightleftharpoons ⇌
rightleftarrows ⇄ hookrightarrow ↪ hookleftarrow ↩ rightharpoonup ⇀ leadsto ⇝ rightsquigarrow ⇝ twoheadrightarrow ↠ nrightarrow ↛
partial ∂ nabla ∇ infty ∞ forall ∀ exists ∃ nexists ∄ emptyset ∅ varnothing ∅ ell ℓ hbar ℏ hslash ℏ Re ℜ Im ℑ aleph ℵ beth ℶ wp ℘ imath ı jmath ȷ
angle ∠ measuredangle ∡ triangle △ triangledown ▽ bigtriangleup △ square □ Box □ blacksquare ■ qedsymbol □ lozenge ◊ bigstar ★ bigcirc ○
degree ° prime ′ dagger † ddagger ‡ dag † ddag ‡ complement ∁ eth ð mho ℧ sharp ♯ flat ♭ natural ♮ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠
ldots … dots … dotsc … dotsb ⋯ dotsm ⋯ cdots ⋯ vdots ⋮ ddots ⋱ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lbrace { rbrace }
lbrack [ rbrack ] lvert | rvert | vert | Vert ‖ lVert ‖ rVert ‖ therefore ∴ because ∵ checkmark ✓ S § P ¶ copyright © pounds £ euro € yen ¥
textdegree ° textbackslash \ textasciitilde ~ textmu µ surd √ ss ß ae æ oe œ aa å o ø
`)
