package ocr

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"slackocr/ocr/clean"
)

// A profile holds everything that depends on the model and its server.
type profile struct {
	name string
	// markdown is the prompt for Markdown, if it is not the usual one of the model.
	markdown string
	chat     bool // a model that follows ordinary instructions, and talks
	// maxTokens is the default limit of an answer; 0 leaves the limit to the
	// endpoint.
	maxTokens int
	// context is the bound of image, prompt and answer together, in tokens, or
	// 0 if unknown. An answer that reaches the bound was cut.
	context int
	// extra are fields of the request's body beside OpenAI's.
	extra map[string]json.RawMessage
	// askUsage is true if a stream has token counts only on request.
	askUsage bool
}

// deepseekTokens and chatTokens break the signs that a model would take for the
// end of a person's words.
var (
	deepseekTokens = strings.NewReplacer("<|", "< |", "|>", "| >", "<｜", "< ｜", "｜>", "｜ >")
	chatTokens     = strings.NewReplacer(`"`, `'`)
)

// deepseekContext is the model's context in tokens, of which a usual image
// takes about 900.
const deepseekContext = 8192

// profiles are all profiles; the first is the default.
var profiles = []profile{
	{
		// ModelVerse documents this prompt and this limit:
		// https://www.ucloud-global.com/en/docs/modelverse
		name:      "deepseek-ocr",
		markdown:  DefaultPrompt,
		maxTokens: 8192,
		context:   deepseekContext,
	},
	{
		// vLLM refuses a prompt and max_tokens that exceed the context
		// together, so the limit is left out. The other fields are those of
		// vLLM's recipe:
		// https://docs.vllm.ai/projects/recipes/en/latest/DeepSeek/DeepSeek-OCR.html
		name:     "deepseek-ocr-vllm",
		context:  deepseekContext,
		askUsage: true,
		extra: map[string]json.RawMessage{
			"skip_special_tokens": json.RawMessage(`false`),
			// 128821 and 128822 are <td> and </td>.
			"vllm_xargs": json.RawMessage(`{"ngram_size":30,"window_size":90,"whitelist_token_ids":[128821,128822]}`),
		},
	},
	{
		// Ollama and llama.cpp set no limit, and answer without end if the
		// model loops: https://github.com/ollama/ollama/issues/13345
		name:      "deepseek-ocr-ollama",
		maxTokens: 4096,
		context:   deepseekContext,
		askUsage:  true,
	},
	{name: "chat", chat: true},
}

// Profiles returns the names of the profiles.
func Profiles() []string {
	var names []string
	for _, p := range profiles {
		names = append(names, p.name)
	}
	return names
}

// chatModels are parts of the names of models that follow ordinary
// instructions.
var chatModels = []string{
	"gpt", "claude", "gemini", "qwen", "llava", "llama", "pixtral", "mistral", "internvl",
	"minicpm", "gemma", "nanonets", "-vl", "vision", "grok", "phi-", "molmo", "moondream",
}

// findProfile returns the profile with the given name, or, if name is empty,
// the profile that fits the model's name. A model of an unknown family gets
// DeepSeek-OCR's prompt, which is an ordinary instruction too.
func findProfile(name, model string) (profile, error) {
	if name == "" {
		name = profileOf(strings.ToLower(model))
	}
	i := slices.IndexFunc(profiles, func(p profile) bool { return p.name == name })
	if i < 0 {
		return profile{}, fmt.Errorf("there is no profile %q; there are %s", sanitize(name), strings.Join(Profiles(), ", "))
	}
	return profiles[i], nil
}

func profileOf(model string) string {
	switch {
	case strings.Contains(model, "deepseek-ocr") || strings.Contains(model, "deepseek_ocr"):
		// Ollama's names have no owner and may have a tag; llama.cpp's are
		// file names.
		_, file, _ := strings.Cut(model, "deepseek")
		if !strings.Contains(model, "/") || strings.Contains(file, "gguf") {
			return "deepseek-ocr-ollama"
		}
	case slices.ContainsFunc(chatModels, func(part string) bool { return strings.Contains(model, part) }):
		return "chat"
	}
	return profiles[0].name
}

// prompt returns the prompt for mode m.
func (p profile) prompt(m Mode) string {
	kind := m.Kind.info()
	switch {
	case kind.kind == Markdown && p.markdown != "":
		return p.markdown
	case p.chat:
		return strings.Replace(cmp.Or(kind.chat, kind.deepseek), "%s", chatTokens.Replace(m.Argument), 1)
	}
	return strings.Replace(kind.deepseek, "%s", deepseekTokens.Replace(m.Argument), 1)
}

// cleaning returns the rules for the answers of a mode.
func (p profile) cleaning(m Mode) clean.Rules {
	rules := m.Kind.info().rules
	rules.Chat = rules.Chat && p.chat
	return rules
}

// chatSide is the longest side, in pixels, that the usual vision models use.
const chatSide = 2048

// canvas returns the size that an image has for the model.
func (p profile) canvas(width, height int) (w, h int) {
	longest := max(width, height)
	switch {
	case !p.chat:
		return Canvas(width, height)
	case longest <= 0:
		return chatSide, chatSide
	}
	return max(1, width*chatSide/longest), max(1, height*chatSide/longest)
}

// tile is the side, in pixels, of the square tiles that the servers of
// DeepSeek-OCR divide an image into.
const tile = 640

// grids lists the tile grids (columns, rows) of two to six tiles from which
// these servers choose.
var grids = [...][2]int{
	{1, 6}, {1, 5}, {1, 4}, {1, 3}, {1, 2}, {2, 3}, {2, 2}, {3, 2}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1},
}

// Canvas returns the size in pixels to which the usual servers of DeepSeek-OCR
// stretch an image of the given size before the model sees the image. The
// servers take the tile grid with the nearest aspect ratio. All detail beyond
// the canvas is lost there, so an image that was reduced to cover the canvas
// loses nothing. If width or height is not positive, Canvas returns the square
// canvas.
func Canvas(width, height int) (w, h int) {
	if width <= 0 || height <= 0 {
		return 2 * tile, 2 * tile
	}
	ratio := float64(width) / float64(height)
	best, nearest := grids[0], math.Inf(1)
	for _, grid := range grids {
		distance := math.Abs(float64(grid[0])/float64(grid[1]) - ratio)
		if distance < nearest {
			best, nearest = grid, distance
		}
	}
	return best[0] * tile, best[1] * tile
}
