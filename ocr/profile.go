package ocr

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"slackocr/ocr/clean"
)

// A profile holds everything that depends on the model and its server.
type profile struct {
	name    string
	prompts map[Kind]string // %s is the argument of Locate
	chat    bool            // a model that follows ordinary instructions, and talks
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

// deepseekPrompts are the prompts that DeepSeek-OCR was trained with:
// https://github.com/deepseek-ai/DeepSeek-OCR#prompts-examples
var deepseekPrompts = map[Kind]string{
	Markdown: "<|grounding|>Convert the document to markdown.",
	Plain:    "Free OCR.",
	Figure:   "Parse the figure.",
	Describe: "Describe this image in detail.",
	Locate:   "Locate <|ref|>%s<|/ref|> in the image.",
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
		prompts:   with(deepseekPrompts, Markdown, DefaultPrompt),
		maxTokens: 8192,
		context:   deepseekContext,
	},
	{
		// vLLM refuses a prompt and max_tokens that exceed the context
		// together, so the limit is left out. The other fields are those of
		// vLLM's recipe:
		// https://docs.vllm.ai/projects/recipes/en/latest/DeepSeek/DeepSeek-OCR.html
		name:     "deepseek-ocr-vllm",
		prompts:  deepseekPrompts,
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
		prompts:   deepseekPrompts,
		maxTokens: 4096,
		context:   deepseekContext,
		askUsage:  true,
	},
	{
		name: "chat",
		prompts: map[Kind]string{
			Markdown: "Write down the text in this image as Markdown, in reading order, tables as Markdown tables. Write nothing but that text, and nothing at all where there is none.",
			Plain:    "Write down the text in this image as it stands, line by line, without any formatting. Write nothing but that text.",
			Figure:   "Read this chart or drawing: its title, labels and values, as a Markdown table where it has data. Write nothing that is not in it.",
			Describe: "Describe this image in detail.",
			Locate:   "Find \"%s\" in this image. For each place where it stands write one line [[x1, y1, x2, y2]]: the corners of its box, as numbers from 0 to 999 across the image's width and height. Write nothing else.",
		},
		chat: true,
	},
}

func with(prompts map[Kind]string, kind Kind, prompt string) map[Kind]string {
	changed := maps.Clone(prompts)
	changed[kind] = prompt
	return changed
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
	tokens := deepseekTokens
	if p.chat {
		tokens = chatTokens
	}
	switch m.Kind {
	case Prompt:
		return tokens.Replace(m.Argument)
	case Locate:
		return strings.Replace(p.prompts[Locate], "%s", tokens.Replace(m.Argument), 1)
	case "":
		return p.prompts[Markdown]
	}
	return p.prompts[m.Kind]
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

// cleaning returns the rules for the answers of a mode. In the modes Locate and
// Prompt the tags are the answer. A chat model's answer to a person's own prompt
// keeps its fence: the prompt may ask for a fence.
func (p profile) cleaning(m Mode) clean.Rules {
	switch m.Kind {
	case Locate:
		return clean.Rules{Bare: true, Boxes: true, Chat: p.chat}
	case Prompt:
		return clean.Rules{Boxes: true}
	}
	return clean.Rules{Labels: true, Bare: true, Chat: p.chat}
}
