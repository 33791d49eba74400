// Random Jinja templates from a grammar. Most of them render: expressions are made by type, from columns that exist.
import { PythonRandom } from "../../evaluation/harness/python/random.ts";
import { randomDocument } from "./random-documents.ts";
import { type Grammar, readGrammar } from "./random-grammar.ts";

/** A template and a document as JSON text. */
export interface TemplateCase {
  readonly template: string;
  readonly document: string;
}

const MAXIMUM_DEPTH = 4;

const GRAMMAR: Grammar = {
  template: `
    <output>
    <body>`,
  body: `
    x
    <statement>
    <statement><statement>
    <statement><statement><statement>`,
  statement: `
    <output>
    <output> <output>
    <space><output><space>
    {# note #}<space>{#- note -#}
    {% raw %}{{ x }}{% endraw %}<space>{%- raw -%} {% {%- endraw %}
    {% if <bool> %}<body>{% elif <any> %}<body>{% else %}<body>{% endif %}
    {%- if <bool> -%} <body> {%- endif +%}
    {% for i in <list> %}<body>{{ i }}{% endfor %}
    {%- for i in <list> -%} {{ <loop> }}<body>{% else %}<body>{% endfor %}
    {% for i in <list> if <test> %}<body>{{ loop.index }}{% endfor %}
    {% for k, v in <pairs> %}{{ k }}={{ v }}<body>{% endfor %}
    {% set <name> = <any> %}
    {% set u, w = <any>, <any> %}{{ w }}{{ u }}
    {% set <name> %}<body>{% endset %}
    {% set ns = namespace(v=<any>) %}{% for i in <list> %}{% set ns.v = <any> %}{{ ns.v ~ i }}{% endfor %}{{ ns.v }}`,
  output: `
    {{ <any> }}
    {{<str>}}
    {{- <any> }}
    {{ <any> -}}
    {{ (<any>)|tojson }}`,
  space: " \n\n\n\r\n\n  \n",
  name: "u\ns\nn\nwords",
  test: "i\ni is string\nnot loop\nns.v\ni == n",
  pairs: "d.items()\nd|dictsort\nrows\n[[1, 2], 'ab']\nwords",
  loop: `
    loop.<index|index0|revindex|revindex0|first|last|length|previtem|nextitem|depth>
    loop.cycle(<any>, <any>)
    loop.changed(<any>)
    loop.<previtem|nextitem|nope>|default('-')
    <any>`,
  str: `
    <s|t|words[0]|choices.text[label]|options[label]|rows[0].name|d.a|d['C']>
    <literal>
    <str>.strip()
    <str>.<strip|lstrip|rstrip>(<literal>)
    (<str>|<upper|lower|capitalize|title|trim|string|reverse|indent|indent(2, true)>)
    <str>.<upper|lower|capitalize|title|swapcase|casefold>()
    (<str>|replace(<literal>, <literal>))
    <str>.replace(<literal>, <literal>)
    <str>.replace(<literal>, <literal>, <digits>)
    <str>[<digits>:<digits>]
    <str>[::-1]
    <str>[<digits>]
    (<any> ~ <any>)
    (<str> + <str>)
    (<str> * <digits>)
    (<list>|join(<literal>))
    <literal>.join(<list>)
    (<any>|default(<str>))
    (<str> if <bool> else <str>)
    (<str>|regex_replace('[a-c]+', '<a|-|#>'))
    <str>.split(<literal>)[0]
    (<str>|truncate(<5|5, true|4, false, '.'|6, true, '..', 0>))
    <str>.<zfill|center|ljust|rjust>(<digits>)
    (<str>|center(<digits>))
    <str>.<removeprefix|removesuffix>(<literal>)
    (<any>|tojson)
    '<{} and {}|{1}{0}|{{{}}}>'.format(<any>, <any>)`,
  literal: `
    ' '
    <','|'-'|''|'a'|'A'|'x'|'\\n'|"é"|'(A)'|'%s'|'b\\tc'|'aB'|'. '|'b'|'z.A'>`,
  digits: "<0|1|2|3|-1|10|7>",
  int: `
    <n|label|nums[0]|rows[0].size|nums[-1]>
    <digits>
    (<any>|<length|int|count>)
    (<any>|int(<digits>))
    (<str>|int(7, <16|2|0>))
    (<int> <+|-|*|//|%> <int>)
    (-<int>)
    <str>.<count|find|rfind|index|rindex>(<literal>)
    <str>.<count|find|rfind>(<literal>, <digits>)
    <list>.<index|count>(<any>)
    (<str>|wordcount)
    (<int>|abs)`,
  num: `
    <x|1.5|0.1|rows[0].share|1e3>
    <int>
    (<any>|float)
    (<any>|float(<digits>))
    (<num> / <num>)
    (<num> <+|-|*|//|%> <num>)
    (<num>|round)
    (<num>|round(<digits>))
    (<num>|round(<digits>, '<floor|ceil|common>'))
    (<list>|sum)
    (rows|sum(attribute='<size|share>'))`,
  bool: `
    <flag|true|false>
    (missing is <defined|undefined>)
    (<num> <order> <num>)
    (<str> <order> <str>)
    (<str> <in|not in> <str>)
    (<any> <in|not in> <list>)
    (<any> is <defined|undefined|none|string|number|integer|float|boolean|mapping|sequence|iterable|callable>)
    (<any> is <true|false|not none|not defined|not string|sameas true|sameas none>)
    (<str> is <lower|upper|not upper>)
    (<int> is <even|odd|divisibleby 3|divisibleby(2)|eq 3|gt(1)|not lessthan 4>)
    (<bool> <and|or> <any>)
    (not <any>)
    <str>.<startswith|endswith>(<literal>)
    <str>.<isdigit|isalpha|isupper|islower|isspace|isalnum|isdecimal|isnumeric|istitle|isascii>()`,
  order: "<=\n>=\n==\n!=\n<\n>",
  list: `
    <words|nums|mixed|rows|options|choices.label|d.keys()|d.values()|d.items()|d>
    [<any>, <any>]
    (<any>, <any>)
    <str>.split(<literal>)
    <str>.<split|rsplit|splitlines>()
    <str>.<split|rsplit>(<literal>, 1)
    <str>.partition(<literal>)
    (<list>|<list|sort|sort(true)|sort(case_sensitive=true)|reverse|unique>)
    (<list>|<unique|reverse|batch(2)|slice(2)|batch(3, 'z')|unique(true)>|list)
    (<list>|map('<upper|string|length|int|trim|title|float|default', 'z>')|list)
    (<list>|<select|reject>('<string|number|defined|none|odd|in', 'abc>')|list)
    (<list>|<select|reject>|list)
    (rows|map(attribute='<name|size|tags.0|tags|nope>')|list)
    (rows|<selectattr|rejectattr>(<'size'|'name', 'eq', 'a'|'share', 'gt', 1|'size', 'odd'>)|list)
    (rows|sort(attribute='<size|name|size,name|tags>')|map(attribute='name')|list)
    (rows|groupby('<size|name|share>')|map(<'last'|attribute='grouper'>)|list)
    <list>[<digits>:]
    (range(<digits>)|list)
    range(<digits>, <digits>)
    (<list> + <list>)
    (d|dictsort<(true)|(by='value')|(reverse=true)|()>)
    (d|items|list)`,
  column: "<s|n|x|nothing|words|mixed|d|rows|rows[0]|choices|d.a|d.items()>",
  any: `
    <nothing|d|rows[0]|d.b|mixed[0]|missing|s|n>
    <str>
    <str>
    <int>
    <num>
    <bool>
    <list>
    (<list>|<first|last|min|max|min(case_sensitive=true)|sum>)
    {<literal>: <any>}
    d.get(<literal>)
    d.get(<literal>, <any>)
    <list>[<any>]
    <column>.<a|name|0|items|first|real>
    <column>['<a|name|upper|size>']
    (<any>|default(<any>, true))
    (<any> if <bool>)
    <d.items|rows[9]|n.real|words.append|s.__len__|loop>`,
};

/** Cases of one seed. */
export function randomTemplates(seed: number, count: number): readonly TemplateCase[] {
  const random = new PythonRandom(seed);
  const grammar = readGrammar(GRAMMAR, MAXIMUM_DEPTH);
  return Array.from({ length: count }, () => ({
    template: grammar(random, "template"),
    document: randomDocument(random),
  }));
}
