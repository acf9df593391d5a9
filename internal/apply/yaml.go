package apply

import (
	"bytes"
	"errors"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxValues bounds what one file may hold with all its aliases followed: a few lines
// of aliases of aliases would else be more than any memory.
const maxValues = 200_000

// A source is a file that is being read.
type source struct {
	name string
	// before is how many lines of the file stand before what YAML is given.
	before int
	lookup func(name string) (string, bool)
	values int
}

// readYAML reads the documents of a file. JSON is YAML too.
func (s *source) readYAML(content []byte) (documents []*value, err error) {
	for d := yaml.NewDecoder(bytes.NewReader(content)); ; {
		var node yaml.Node
		if err := d.Decode(&node); errors.Is(err, io.EOF) {
			return documents, nil
		} else if err != nil {
			return nil, s.notYAML(err)
		}
		if len(node.Content) == 0 {
			continue
		}
		v, err := s.value(node.Content[0])
		if err != nil {
			return nil, err
		}
		if v.kind != null { // as is what stands between two --- without a word
			documents = append(documents, v)
		}
	}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)

// notYAML tells YAML's error as ours are told.
func (s *source) notYAML(err error) error {
	found := yamlLine.FindStringSubmatch(err.Error())
	if found == nil {
		return s.at(1).problem("%v", err)
	}
	line, _ := strconv.Atoi(found[1])
	return s.at(max(line, 1)).problem("%s", found[2])
}

func (s *source) at(line int) Place { return Place{s.name, line + s.before} }

func (s *source) value(n *yaml.Node) (*value, error) {
	at := s.at(n.Line)
	if s.values++; s.values > maxValues {
		return nil, at.problem("the file holds more than %d values; aliases count as what they stand for", maxValues)
	}
	switch n.Kind {
	case yaml.AliasNode:
		// A node may hold an alias of itself: the bound above ends it.
		return s.value(n.Alias)
	case yaml.SequenceNode:
		v := &value{at: at, kind: list}
		for _, child := range n.Content {
			item, err := s.value(child)
			if err != nil {
				return nil, err
			}
			v.items = append(v.items, item)
		}
		return v, nil
	case yaml.MappingNode:
		return s.object(n)
	}
	return s.scalar(n)
}

func (s *source) object(n *yaml.Node) (*value, error) {
	v := &value{at: s.at(n.Line), kind: object}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at := s.at(key.Line)
		switch {
		case key.Tag == "!!merge":
			return nil, at.problem("<< is not understood: give an anchor to the member's value, or repeat the members")
		case key.Kind != yaml.ScalarNode:
			return nil, at.problem("a member's name must be text")
		case v.get(key.Value) != nil:
			return nil, at.problem("%s is there twice", key.Value)
		}
		child, err := s.value(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		v.members = append(v.members, member{at, key.Value, child})
	}
	return v, nil
}

func (s *source) scalar(n *yaml.Node) (*value, error) {
	v := &value{at: s.at(n.Line), kind: text, text: n.Value}
	switch n.ShortTag() {
	case "!!null":
		v.kind = null
	case "!!bool":
		v.kind = boolean
		if err := n.Decode(&v.yes); err != nil {
			return nil, v.at.problem("%s is neither true nor false", n.Value)
		}
	case "!!int", "!!float":
		return v, v.numberOf(n)
	case "!!str", "!!timestamp": // as it stands: JSON has no times
		return v, s.expand(v)
	default:
		return nil, v.at.problem("the tag %s is not understood", n.Tag)
	}
	return v, nil
}

// jsonNumber is how JSON writes one, which is sent on digit by digit.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$`)

// numberOf has the number as JSON writes it.
func (v *value) numberOf(n *yaml.Node) error {
	v.kind = number
	if jsonNumber.MatchString(n.Value) {
		return nil
	}
	// 0o17, 0x1F, 1_000 and .5, which YAML has beside.
	digits := strings.ReplaceAll(n.Value, "_", "")
	if i, ok := new(big.Int).SetString(digits, 0); ok && n.ShortTag() == "!!int" {
		v.text = i.String()
		return nil
	}
	f, err := strconv.ParseFloat(digits, 64)
	v.text = strconv.FormatFloat(f, 'g', -1, 64)
	if err != nil || !jsonNumber.MatchString(v.text) { // .inf and .nan
		return v.at.problem("%s is no number that JSON has", n.Value)
	}
	return nil
}

// variable is ${NAME}, and $${NAME}, which stands for ${NAME} itself.
var variable = regexp.MustCompile(`\$?\$\{[^}]*\}?`)

var variableName = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// expand puts in what the environment says.
func (s *source) expand(v *value) (err error) {
	written := v.text
	v.text = variable.ReplaceAllStringFunc(written, func(found string) string {
		if strings.HasPrefix(found, "$$") {
			return found[1:]
		}
		name := variableName.FindStringSubmatch(found)
		if name == nil {
			err = v.at.problem("%s names no variable: ${NAME} is replaced by what the environment says, and $${…} is ${…} itself", found)
			return ""
		}
		said, ok := s.lookup(name[1])
		if !ok || said == "" {
			err = v.at.problem("the environment has no %s, or it is empty: set it and run this again", name[1])
		}
		v.written, v.said = written, append(v.said, said)
		return said
	})
	return err
}
