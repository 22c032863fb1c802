package sampledata

import "fmt"

var factColumns = []string{
	"achievement", "kind", "type", "region", "date", "evidence", "until", "quality", "name", "person_number", "certificate", "course", "employer", "employer_uscc",
	"beneficiary", "beneficiary_number", "body", "body_name", "posts", "staff", "disabled", "weighted", "new_sites", "allotted",
}

// A fact is one row of a list of facts, without its number and evidence.
type fact struct {
	kind, kindOf, day, until, quality string
	who                               person // with a county of its own where there is one
	someone                           bool
	course                            string
	employer                          *employer
	relative                          *person
	body                              string
	numbers                           [6]string // posts, staff, disabled, weighted, new_sites, allotted
}

var courseKinds = []string{"skills", "upgrading", "startup", "special"}

// achievements writes facts that are no money, and counts what they bring to the targets.
func (p *province) achievements() error {
	f, err := p.beginImport("achievements", "achievements", factColumns)
	if err != nil {
		return err
	}
	row := func(region string, x fact) []string {
		d := cast(p.seed, 'v', f.truth.Rows, p.year)
		id := fmt.Sprintf("CX%d-%d", p.year, f.truth.Rows+1)
		cells := make([]string, len(factColumns))
		copy(cells, []string{id, x.kind, x.kindOf, region, x.day, d.hash(), x.until, x.quality})
		if x.someone {
			if cells[8] = x.who.name(); x.who.n%2 == 0 {
				cells[9] = x.who.number()
			} else {
				cells[10] = x.who.certificate()
			}
		}
		cells[11] = x.course
		if x.employer != nil {
			cells[12], cells[13] = x.employer.name(), x.employer.code()
		}
		if x.relative != nil {
			cells[14], cells[15] = x.relative.name(), x.relative.number()
		}
		if cells[16] = x.body; x.body != "" {
			cells[17] = "示例" + x.body + "（合成）"
		}
		copy(cells[18:], x.numbers[:])
		return cells
	}
	record := func(region string, x fact) {
		if x.someone {
			p.meet(x.who)
		}
		if x.employer != nil {
			p.meetEmployer(*x.employer)
		}
		if x.relative != nil {
			p.meet(*x.relative)
		}
		f.accept(0, row(region, x)...)
	}
	for _, c := range p.counties {
		region := c.in(p.year)
		put := func(x fact) { record(region, x) }
		p.trained(c, put)
		p.kept(c, put)
		p.bodies(c, put)

		again := p.course(c, 0, 0)
		switch p.fault(c) {
		case 0:
			f.refuse("achievement-twice", "a course that the person has completed already", "同一人同一课程重复结业", row(region, again)...)
		case 1:
			again.kind = "donation"
			f.refuse("achievement-kind", "a kind of fact that nothing counts", "未定义的事实种类", row(region, again)...)
		case 2:
			again.course = fmt.Sprintf("KC%d-%02d-X", p.year, c.n)
			cells := row(region, again)
			cells[5] = ""
			f.refuse("achievement-evidence", "no evidence", "无佐证材料", cells...)
		case 3:
			cells := row(region, again)
			cells[9], cells[10] = damaged(again.who.number()), ""
			f.refuse("person-number-check", "the check character of the identity number", "身份证号校验码有误", cells...)
		}
	}
	for i, at := range p.prefectures() {
		p.organs(i, func(x fact) { record(string(at), x) })
	}
	record("220000", fact{kind: "contest", kindOf: "skills", day: p.on(9, 20), body: fmt.Sprintf("JS%d", p.year)})
	p.count("T25", 0, 1)
	return f.end()
}

// course is one of the courses that a trainee completes in a year.
func (p *province) course(c county, n, i int) fact {
	d := cast(p.seed, 'k', c.n, n, i, p.year)
	x := fact{kind: "training", kindOf: courseKinds[(n+i)%4], day: p.on(2+d.below(10), 1+d.below(28)), who: person{c, trainees + n}, someone: true, course: fmt.Sprintf("KC%d-%02d-%d", p.year, c.n, 10*(n/30)+i)}
	if n%4 == 0 {
		x.quality = "rural"
	}
	return x
}

// trained are courses, and what follows from them.
func (p *province) trained(c county, put func(fact)) {
	for n := range p.size.trainees {
		who := person{c, trainees + n}
		d := cast(p.seed, 'g', c.n, n, p.year)
		first := 1
		for i := range 1 + d.below(3) {
			put(p.course(c, n, i))
			p.count("T01", first, 1)
			p.count("T23", first, 1)
			if n%4 == 0 {
				p.count("T16", first, 1)
			}
			first = 0
		}
		if n%5 < 2 { // finds work, each year with the same employer
			e := p.employer(c, n%p.size.employers)
			x := fact{kind: "placement", kindOf: "employed", day: p.on(11, 1+n%28), who: who, someone: true, employer: &e}
			if n%5 == 1 {
				x.kindOf = "placed"
			}
			put(x)
			switch {
			case n%5 == 0:
				p.count("T02", 1, 1)
			case e.enterprise():
				p.count("T09", 1, 1)
			}
		}
		if n%2 == 0 { // a farm, of a relative's now and then
			x := fact{kind: "support", kindOf: "planting", day: p.on(4, 1+n%28), who: who, someone: true}
			if n%6 == 0 {
				x.relative = &person{c, relatives + n}
			}
			put(x)
			p.count("T17", 1, 1)
		}
		if n == 0 && p.year == max(p.years[0], 2022) {
			put(fact{kind: "talent", kindOf: "influencer", day: p.on(10, 10), who: who, someone: true})
			p.count("T13", 1, 1)
		}
	}
	for n := range p.size.graduates {
		put(fact{kind: "support", kindOf: "graduate", day: p.on(7, 1+n%28), who: person{c, graduates + n}, someone: true})
		p.countLast("T19", 1, 1)
	}
}

// kept are posts and people without work, which last until the year's end, and what is done for
// the latter.
func (p *province) kept(c county, put func(fact)) {
	for n := range p.size.posts {
		x := fact{kind: "post", kindOf: "public-welfare", day: p.on(1, 10), until: p.on(12, 31), quality: "urban", who: person{c, posted + n}, someone: true}
		if n%2 == 1 {
			x.quality = "rural"
		} else {
			p.countLast("T15", 1, 1)
		}
		put(x)
	}
	for n := range p.size.jobless {
		x := fact{kind: "jobless", kindOf: "need", day: p.on(1, 5), until: p.on(12, 31), who: person{c, jobless + n}, someone: true}
		needs := n%2 == 0
		if !needs {
			x.kindOf = "no-need"
		}
		put(x)
		if p.last() {
			p.sums.jobless++
		}
		if n%5 == 4 {
			continue // nothing is done for one in five
		}
		steps := []string{"check"}
		if needs {
			steps = []string{"check", "assessment", "registration", "service"}
		}
		if n%10 == 2 {
			steps = steps[:3]
		} else {
			p.countLast("T21", 1, 1)
		}
		for i, s := range steps {
			put(fact{kind: "service", kindOf: s, day: p.on(3+i, 1+n%28), who: x.who, someone: true})
		}
	}
}

// bodies are bases, which open in the first year and stay, and what is reported each year.
func (p *province) bodies(c county, put func(fact)) {
	if p.year == p.years[0] {
		for _, b := range []struct {
			kind, target string
			many         int
		}{{"incubator", "T11", 2}, {"network-incubator", "T12", 1 + c.n%2}, {"assisted", "T14", 1 + c.n%3/2}, {"rural", "T18", 2}, {"massage", "T20", 5}, {"service-body", "", 1}, {"service-standard", "", c.n % 2}} {
			for n := range b.many {
				body := fmt.Sprintf("%s-%02d-%d", b.kind, c.n, n)
				if b.kind == "service-standard" {
					body = fmt.Sprintf("service-body-%02d-%d", c.n, n)
				}
				put(fact{kind: "base", kindOf: b.kind, day: p.on(1, 15), body: body})
				if b.target != "" {
					p.stands(b.target)
				}
			}
		}
	}
	disabled := 1 + c.n%3
	put(p.headcount("federation", c.n, 12, 10, disabled))
	p.covered("T07", 100*disabled >= 15*10)
	put(fact{kind: "sites", kindOf: "kiosk", day: p.on(12, 1), body: fmt.Sprintf("kiosks-%d-%02d", p.year, c.n), numbers: [6]string{4: "10", 5: fmt.Sprint(c.n % 4)}})
	p.sums.sites, p.sums.allotted = p.sums.sites+10, p.sums.allotted+c.n%4
}

// organs are what the bodies of a prefecture report each year: an organ and an institution by their
// authorised posts, of which one in four employs nobody, and two members of its working committee.
func (p *province) organs(n int, put func(fact)) {
	disabled := min(n%4, 1)
	put(p.headcount("organ", n, 60, 50, disabled))
	p.covered("T04", disabled > 0)
	put(p.headcount("organ", 100+n, 49, 45, 0)) // too small to be asked
	disabled = min((n+1)%4, 1)
	put(p.headcount("institution", n, 80, 70, disabled))
	p.covered("T05", disabled > 0)
	put(p.headcount("school", n, 80, 70, 0)) // is not asked
	for i, staff := range []int{125, 126} {  // two people's weight is 1.6 % of the first, and just less of the second
		put(p.headcount("member", 2*n+i, 130, staff, 1))
		p.covered("T06", 1000*2 >= 16*staff)
	}
}

// headcount is what a body reports: how many people it may have and has, and how many of them are
// disabled, one of them severely.
func (p *province) headcount(kind string, n, posts, staff, disabled int) fact {
	weighted := disabled + min(disabled, 1)
	return fact{kind: "headcount", kindOf: kind, day: p.on(12, 1), body: fmt.Sprintf("%s-%02d", kind, n), numbers: [6]string{fmt.Sprint(posts), fmt.Sprint(staff), fmt.Sprint(disabled), fmt.Sprint(weighted)}}
}

// covered counts a body that is asked, and whether it does what it is asked for.
func (p *province) covered(code string, does bool) {
	if !p.last() {
		return
	}
	x := p.target(code)
	x.Of++
	if does {
		x.Times++
	}
}
