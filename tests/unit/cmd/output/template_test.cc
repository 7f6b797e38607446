#include "cmd/output/template.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cmd/output/template_functions.h"
#include "runtime/base/error.h"

namespace mini::cmd {
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
        Case{"{{.Count}} {{.On}} {{.Nothing}}", "3 true <no value>"},
        Case{"{{.Args}}", "[-c echo hi]"}, Case{"{{.Blank}}", "[ x]"},
        Case{"{{.Labels}}", "map[a:1 com.x/y:2]"},
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
        Case{"{{len .Args}} {{len .Name}} {{len .Labels}} {{len .Nothing}}", "2 4 2 0"},
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
        Case{"{{true}} {{nil}} {{-7}}", "true <no value> -7"}));

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
        Broken{"{{.Nope}}", "no field \"Nope\""}, Broken{"{{.Nane}}", "did you mean .Name?"},
        Broken{"{{.State.Nope}}", "\"Nope\""}, Broken{"{{.Name.Deeper}}", "\"Deeper\""},
        Broken{"{{.Name", "not closed"}, Broken{"a {{.Name} b", "character 3"},
        Broken{"{{end}}", "without a beginning"}, Broken{"{{else}}", "without a beginning"},
        Broken{"{{if .On}}x", "without {{end}}"}, Broken{"{{range .Args}}", "without {{end}}"},
        Broken{"{{if .On}}a{{else}}b{{else}}c{{end}}", "without {{end}}"},
        Broken{"{{if .On}}a{{else foo .On}}b{{end}}", "is not known"},
        Broken{"{{nosuch .Name}}", "function \"nosuch\""},
        Broken{"{{uper .Name}}", "did you mean upper?"}, Broken{"{{join .Args}}", "wrong number"},
        Broken{"{{json .Name .Count}}", "wrong number"},
        Broken{"{{.Name .Count}}", "not a function"}, Broken{"{{}}", "missing value"},
        Broken{"{{(.Name}}", "missing )"}, Broken{"{{\"open}}", "not closed"},
        Broken{"{{$x}}", "undefined variable $x"}, Broken{"{{range .Name}}{{end}}", "needs a list"},
        Broken{"{{index .Args 2}}", "out of range"}, Broken{"{{index .Args \"a\"}}", "index"},
        Broken{"{{join .Name \",\"}}", "needs a list"}, Broken{"{{len .Count}}", "len"},
        Broken{"{{printf \"%x\" .Count}}", "%x"}, Broken{"{{printf \"%s\"}}", "too few"},
        Broken{"{{printf \"a\" .Count}}", "too many"}, Broken{"{{if}}x{{end}}", "missing value"},
        Broken{"{{.Count]}}", "unexpected"}, Broken{"{{99999999999999999999}}", "bad number"}));

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
  EXPECT_EQ(template_json("plain \xC3\xA9"), "\"plain \xC3\xA9\"");
  EXPECT_EQ(template_json("\x1b[2J"), "\"\\u001b[2J\"");
  EXPECT_EQ(template_json("a\xE2\x80\xAE"
                          "b"),
            "\"a\\u202eb\"");
}

}  // namespace
}  // namespace mini::cmd
