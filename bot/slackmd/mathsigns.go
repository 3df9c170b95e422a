package slackmd

import "strings"

// pairs makes a table of two strings of the same length in runes.
func pairs(from, to string) map[rune]rune {
	table := map[rune]rune{}
	signs := []rune(to)
	for i, r := range []rune(from) {
		table[r] = signs[i]
	}
	return table
}

// The signs that Unicode has raised and lowered:
// https://www.unicode.org/charts/PDF/U2070.pdf
var (
	superscripts = pairs("0123456789+-=()niabcdefghjklmoprstuvwxyzTABDEGHIJKLMNOPRUVW′∗", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂ′*")
	subscripts   = pairs("0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ")
	blackboard   = pairs("CHNPQRZ1EFK", "ℂℍℕℙℚℝℤ𝟙𝔼𝔽𝕂")
)

var fractions = map[string]string{
	"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾", "1/5": "⅕", "1/8": "⅛", "3/8": "⅜", "5/8": "⅝", "7/8": "⅞",
}

// texAccents are combining marks.
var texAccents = map[string]string{
	"hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0305", "vec": "\u20d7", "tilde": "\u0303",
	"widetilde": "\u0303", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c", "acute": "\u0301", "grave": "\u0300",
	"underline": "\u0332",
}

// texSigns are the commands that stand for a sign or a word.
var texSigns = func() map[string]string {
	signs := map[string]string{}
	words := strings.Fields(texNames)
	for i := 0; i+1 < len(words); i += 2 {
		signs[words[i]] = words[i+1]
	}
	for word := range strings.FieldsSeq(`sin cos tan cot sec csc sinh cosh tanh log ln lg exp lim limsup liminf max min sup inf
		det dim ker deg gcd arg mod Pr arcsin arccos arctan`) {
		signs[word] = word
	}
	for word := range strings.FieldsSeq("quad qquad enspace thinspace space") {
		signs[word] = " "
	}
	return signs
}()

const texNames = `
alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν
xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω
Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
times × cdot · div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ wedge ∧ land ∧ vee ∨ lor ∨
cap ∩ cup ∪ setminus ∖ neg ¬ lnot ¬
le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ lt < gt > ll ≪ gg ≫ approx ≈ sim ∼ simeq ≃ cong ≅ equiv ≡ propto ∝
subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ in ∈ notin ∉ ni ∋ perp ⊥ parallel ∥ mid ∣ models ⊨ vdash ⊢ asymp ≍ doteq ≐
to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ implies ⇒ Leftarrow ⇐ Leftrightarrow ⇔ iff ⇔
longrightarrow ⟶ longleftarrow ⟵ mapsto ↦ uparrow ↑ downarrow ↓ rightharpoons ⇌ rightleftharpoons ⇌ hookrightarrow ↪
sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ partial ∂ nabla ∇ infty ∞ forall ∀ exists ∃ nexists ∄
emptyset ∅ varnothing ∅ ell ℓ hbar ℏ Re ℜ Im ℑ aleph ℵ angle ∠ triangle △ square □ degree ° prime ′ dagger † ddagger ‡
ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lbrace { rbrace } lvert | rvert |
vert | Vert ‖ lVert ‖ rVert ‖ backslash \ therefore ∴ because ∵ checkmark ✓ S § P ¶ copyright © pounds £ euro € yen ¥
`
