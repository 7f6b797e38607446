#include "cmd/template/template.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cmd/template/value.h"
#include "runtime/base/error.h"

namespace mini::templates {
namespace {

using Value = nlohmann::ordered_json;

const Value& sample() {
  static const Value value = Value::parse(R"({
    "Name": "/web", "Count": 3, "On": true, "Off": false, "Nothing": null, "Empty": "",
    "State": {"Status": "running", "ExitCode": 0},
    "Args": ["-c", "echo hi"], "None": [],
    "Blank": ["", "x"],
    "Labels": {"a": "1", "com.x/y": "2"},
    "Ports": {"80/tcp": [{"HostPort": "8080"}]}
  })");
  return value;
}

struct Case {
  const char* text;
  const char* expected;
};
void PrintTo(const Case& value, std::ostream* out) {
  *out << value.text;
}

class Rendered : public ::testing::TestWithParam<Case> {};

TEST_P(Rendered, IsAsGoRendersIt) {
  EXPECT_EQ(Template(GetParam().text).render(sample()), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Template, Rendered,
    ::testing::Values(
        Case{"", ""}, Case{"plain", "plain"}, Case{"{{.Name}}", "/web"},
        Case{"{{ .State.Status }}!", "running!"}, Case{"{{$.Name}}", "/web"},
        Case{"{{.Count}} {{.On}} {{.Nothing}}", "3 true <nil>"}, Case{"{{.Args}}", "[-c echo hi]"},
        Case{"{{.Blank}}", "[ x]"}, Case{"{{.Labels}}", "map[a:1 com.x/y:2]"},
        Case{"{{json .Labels}}", R"({"a":"1","com.x/y":"2"})"}, Case{"{{json .Name}}", "\"/web\""},
        Case{"{{.Name | json}}", "\"/web\""}, Case{"{{if .On}}y{{end}}", "y"},
        Case{"{{if .Off}}y{{end}}", ""}, Case{"{{if .Empty}}y{{else}}n{{end}}", "n"},
        Case{"{{if .Off}}a{{else if .On}}b{{else}}c{{end}}", "b"},
        Case{"{{if .Off}}a{{else if .Empty}}b{{else}}c{{end}}", "c"},
        Case{"{{if .Off}}a{{else if .On}}b{{end}}|{{.Count}}", "b|3"},
        Case{"{{range .Args}}<{{.}}>{{end}}", "<-c><echo hi>"},
        Case{"{{range .None}}x{{else}}empty{{end}}", "empty"},
        Case{"{{range $i, $v := .Args}}{{$i}}={{$v}};{{end}}", "0=-c;1=echo hi;"},
        Case{"{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a=1;com.x/y=2;"},
        Case{"{{range $v := .Args}}{{$v}},{{end}}", "-c,echo hi,"},
        Case{"{{range .Args}}{{$.Count}}{{end}}", "33"},
        Case{"{{with .State}}{{.Status}}{{end}}", "running"},
        Case{"{{with .Empty}}x{{else}}none{{end}}", "none"}, Case{"a {{- .Count -}} b", "a3b"},
        Case{"a\n{{- if .On }} b {{ end -}}\n c", "a b c"},
        Case{"{{index .Labels \"com.x/y\"}}", "2"}, Case{"{{index .Labels \"no\"}}", ""},
        Case{"{{index .Args 1}}", "echo hi"},
        Case{"{{(index (index .Ports \"80/tcp\") 0).HostPort}}", "8080"},
        Case{"{{range $p, $c := .Ports}}{{$p}}->{{(index $c 0).HostPort}}{{end}}", "80/tcp->8080"},
        Case{"{{join .Args \" + \"}}", "-c + echo hi"}, Case{"{{join .Blank \",\"}}", ",x"},
        Case{"{{len .Args}} {{len .Name}} {{len .Labels}}", "2 4 2"},
        Case{"{{split \"a,b\" \",\" | len}}", "2"},
        Case{"{{.Name | upper | printf \"%d of %s\" .Count}}", "3 of /WEB"},
        Case{"{{upper .Name}} {{lower \"ABC\"}} {{title \"two words\"}}", "/WEB abc Two Words"},
        Case{"{{truncate .Name 2}}", "/w"}, Case{"{{println .Count .Name}}", "3 /web\n"},
        Case{"{{print 1 2 \"a\" \"b\" 3}}", "1 2ab3"},
        Case{"{{if and .On .Count}}y{{end}}{{if or .Off .Empty}}n{{end}}{{not .Off}}", "ytrue"},
        Case{"{{eq .State.Status \"running\"}} {{ne 1 2}} {{lt 1 2}} {{ge 2 2}}",
             "true true true true"},
        Case{"{{eq .Count 1 2 3}}", "true"}, Case{"{{\"a}}b\"}}", "a}}b"},
        Case{"{{`raw \\n`}}{{\"tab\\t\"}}", "raw \\ntab\t"}, Case{"{{/* nothing */}}x", "x"},
        Case{"a {{- /* b */ -}} c", "ac"}, Case{"{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}", "12"},
        Case{"{{$x := 1}}{{if .On}}{{$x = 5}}{{end}}{{$x}}", "5"},
        Case{"{{$x := 1}}{{if .On}}{{$x := 5}}{{$x}}{{end}}{{$x}}", "51"},
        Case{"{{with $x := .Name}}{{$x}}{{end}}", "/web"},
        Case{"{{if $x := .Count}}{{$x}}{{end}}", "3"}, Case{"{{range 3}}{{.}}{{end}}", "012"},
        Case{"{{range $i := 2}}<{{$i}}>{{end}}", "<0><1>"},
        Case{"{{range .Args}}{{.}}{{break}}{{end}}", "-c"},
        Case{"{{range $i, $v := .Args}}{{if eq $i 0}}{{continue}}{{end}}{{$v}}{{end}}", "echo hi"},
        Case{"{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .Name}}{{template \"t\"}}",
             "</web><<no value>>"},
        Case{"{{block \"b\" .State}}{{.Status}}{{end}}", "running"},
        Case{"{{define \"t\"}}{{$.Status}}{{end}}{{template \"t\" .State}}", "running"},
        Case{"{{and .Off (index .Args 9)}}", "false"}, Case{"{{or .On (index .Args 9)}}", "true"},
        Case{"{{slice .Name 1}} {{slice .Name 1 3}} {{slice .Args 1}}", "web we [echo hi]"},
        Case{"{{html \"<a href='x'>&\\\"\"}}", "&lt;a href=&#39;x&#39;&gt;&amp;&#34;"},
        Case{"{{js \"a='b'\\n<\"}}", "a\\u003D\\'b\\'\\u000A\\u003C"},
        Case{"{{urlquery \"a b&c/d~\"}}", "a+b%26c%2Fd~"}, Case{"{{pad .Name 1 2}}|", " /web  |"},
        Case{"{{.State}}", "{running 0}"}, Case{"{{.Ports}}", "map[80/tcp:[{8080}]]"},
        Case{"{{.Labels.no}}", "<no value>"}, Case{"{{.Health}} {{if .Health}}x{{end}}", "<nil> "},
        Case{"{{.Label \"a\"}}{{.Label \"zz\"}}|{{\"a\" | .Label}}", "1|1"},
        Case{"{{eq nil .Nothing}} {{ne .Name \"x\"}}", "true true"},
        Case{"{{(.State).Status}} {{$s := .State}}{{$s.ExitCode}}", "running 0"},
        Case{"{{len (split \"añb\" \"\")}}", "3"}, Case{"{{\"\\u00e9\\x41\\101\"}}", "\u00e9AA"},
        Case{"{{true}} {{-7}} {{0x1f}} {{1_000}} {{1.50}} {{'a'}}", "true -7 31 1000 1.5 97"}));

INSTANTIATE_TEST_SUITE_P(
    Printf, Rendered,
    ::testing::Values(
        Case{"{{printf \"%5d|%-5d|%05d|%+d|%x|%X|%#x|%o|%b|%c|%U\" 42 42 42 42 255 255 255 8 5 65 "
             "9731}}",
             "   42|42   |00042|+42|ff|FF|0xff|10|101|A|U+2603"},
        Case{"{{printf \"%5s|%-5s|%.2s|%q|%x|% x\" \"ab\" \"ab\" \"abc\" \"a\\n\" \"hi\" \"hi\"}}",
             "   ab|ab   |ab|\"a\\n\"|6869|68 69"},
        Case{"{{printf \"%.2f|%6.1f|%e|%g|%v\" 3.14159 2.5 1500.0 0.5 1e21}}",
             "3.14|   2.5|1.500000e+03|0.5|1e+21"},
        Case{"{{printf \"%t %v %T %T %T\" true .Args .Args .Labels 3}}",
             "true [-c echo hi] []string map[string]string int"},
        Case{"{{printf \"%d\" \"a\"}} {{printf \"%s\" 3}} {{printf \"%z\" 3}}",
             "%!d(string=a) %!s(int=3) %!z(int=3)"},
        Case{"{{printf \"%s\"}} {{printf \"a\" 3}} {{printf \"%\"}}",
             "%!s(MISSING) a%!(EXTRA int=3) %!(NOVERB)"},
        Case{"{{printf \"%q\" .Args}} {{printf \"%*d\" 4 7}}", "[\"-c\" \"echo hi\"]    7"},
        Case{"{{printf \"%v %+v\" .State .State}}", "{running 0} {Status:running ExitCode:+0}"},
        Case{"{{printf \"%v\" .Nothing}}", "<nil>"}));

TEST(Template, PrintfTakesItsValuesInOrder) {
  EXPECT_EQ(Template("{{printf \"%s=%d (%v) %q 100%%\" .Name .Count .On .State.Status}}")
                .render(sample()),
            "/web=3 (true) \"running\" 100%");
}

struct Broken {
  const char* text;
  const char* part_of_error;
};
void PrintTo(const Broken& value, std::ostream* out) {
  *out << value.text;
}

class Refused : public ::testing::TestWithParam<Broken> {};

TEST_P(Refused, SaysWhy) {
  try {
    const std::string out = Template(GetParam().text).render(sample());
    ADD_FAILURE() << "rendered: " << out;
  } catch (const Error& error) {
    EXPECT_THAT(std::string(error.what()) + " / " + error.hint(),
                ::testing::HasSubstr(GetParam().part_of_error));
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Template, Refused,
    ::testing::Values(
        Broken{"{{.Nope}}", ":1:2: executing \"\" at <.Nope>: there is no field \"Nope\""},
        Broken{"a\nb {{.Nane}}", ":2:4:"}, Broken{"{{.Nane}}", "did you mean .Name?"},
        Broken{"{{.State.Nope}}", "\"Nope\""},
        Broken{"{{.Name.Deeper}}", "can't evaluate field Deeper in type string"},
        Broken{"{{.Nothing.Deeper}}", "nil pointer evaluating Nothing.Deeper"},
        Broken{"{{.Labels.no.deeper}}", "no entry for key \"deeper\""},
        Broken{"{{.Name", "unclosed action"}, Broken{"a {{.Name} b", "bad character"},
        Broken{"{{end}}", "unexpected {{end}}"}, Broken{"{{else}}", "unexpected {{else}}"},
        Broken{"{{if .On}}x", "{{end}} is missing"},
        Broken{"{{range .Args}}", "{{end}} is missing"},
        Broken{"{{if .On}}a{{else}}b{{else}}c{{end}}", "expected {{end}}; found {{else}}"},
        Broken{"{{if .On}}a{{else foo .On}}b{{end}}", "unexpected <foo> in else"},
        Broken{"{{nosuch .Name}}", "function \"nosuch\" not defined"},
        Broken{"{{uper .Name}}", "did you mean upper?"},
        Broken{"{{join .Args}}", "wrong number of args for join: want 2 got 1"},
        Broken{"{{json .Name .Count}}", "want 1 got 2"},
        Broken{"{{.Name .Count}}", "has arguments but cannot be invoked"},
        Broken{"{{3 .Count}}", "can't give argument to non-function 3"},
        Broken{"{{}}", "missing value for command"}, Broken{"{{.Name | }}", "missing value"},
        Broken{"{{.Name | 3}}", "non executable command in pipeline stage 2"},
        Broken{"{{(.Name}}", "unclosed left paren"}, Broken{"{{.Name)}}", "unexpected right paren"},
        Broken{"{{\"open}}", "unterminated quoted string"},
        Broken{"{{`open}}", "unterminated raw quoted string"},
        Broken{"{{\"\\z\"}}", "invalid syntax"}, Broken{"{{/* open}}", "unclosed comment"},
        Broken{"{{/* a */ b}}", "comment ends before"},
        Broken{"{{$x}}", "undefined variable \"$x\""},
        Broken{"{{if .On}}{{$x := 1}}{{end}}{{$x}}", "undefined variable"},
        Broken{"{{$x = 1}}", "undefined variable"},
        Broken{"{{range .Name}}{{end}}", "can't iterate over /web"},
        Broken{"{{index .Args 2}}", "error calling index: index out of range: 2"},
        Broken{"{{index .Args \"a\"}}", "cannot index slice/array with type string"},
        Broken{"{{index .State \"Status\"}}", "can't index item of type struct"},
        Broken{"{{join .Name \",\"}}", "expected []string; got string"},
        Broken{"{{len .Count}}", "len of type int"}, Broken{"{{len .Nothing}}", "nil pointer"},
        Broken{"{{eq .Count \"3\"}}", "incompatible types"},
        Broken{"{{lt .On .Off}}", "invalid type for comparison"},
        Broken{"{{slice .Name 3 2}}", "invalid slice index: 3 > 2"},
        Broken{"{{upper .Count}}", "expected string; got int"},
        Broken{"{{if}}x{{end}}", "missing value for if"}, Broken{"{{.Count]}}", "bad character"},
        Broken{"{{99999999999999999999}}", "bad number"}, Broken{"{{nil}}", "nil is not a command"},
        Broken{"{{break}}", "{{break}} outside {{range}}"},
        Broken{"{{template \"x\"}}", "template \"x\" not defined"},
        Broken{"{{define \"x\"}}{{template \"x\"}}{{end}}{{template \"x\"}}", "without end"},
        Broken{"{{if .On}}{{define \"x\"}}{{end}}{{end}}", "top level"},
        Broken{"{{define \"x\"}}", "{{end}} is missing"},
        Broken{"{{call .Name}}", "non-function of type string"},
        Broken{"{{.Label 3}}", "expected string; got int"}, Broken{"{{\"a\"\"b\"}}", "unexpected"},
        Broken{"{{1.Foo}}", "bad number"}));

TEST(Template, NestingIsBounded) {
  std::string blocks, parentheses;
  for (int i = 0; i < 1000; ++i) blocks += "{{if .On}}";
  for (int i = 0; i < 1000; ++i) parentheses += "(";
  EXPECT_THROW(Template{blocks}, Error);
  EXPECT_THROW(Template{"{{" + parentheses + "}}"}, Error);
}

TEST(Template, HeaderNamesTheFields) {
  const std::vector<std::pair<std::string, std::string>> titles{{"ID", "CONTAINER ID"},
                                                                {"Names", "NAMES"}};
  EXPECT_EQ(Template("{{.ID}}\t{{.Names}}").header(titles), "CONTAINER ID\tNAMES");
  EXPECT_EQ(Template("{{.Unknown}}").header(titles), "Unknown");
}

TEST(TemplateJson, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(json_text("plain \xC3\xA9"), "\"plain \xC3\xA9\"");
  EXPECT_EQ(json_text("\x1b[2J"), "\"\\u001b[2J\"");
  EXPECT_EQ(json_text("a\xE2\x80\xAE"
                      "b"),
            "\"a\\u202eb\"");
}

}  // namespace
}  // namespace mini::templates
