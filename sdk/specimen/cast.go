package specimen

import "github.com/seed-6b91b535/idrec/sdk/idcard"

// Cast returns six people who never change, for demonstrations and for tests that need an edge case:
//
//	0  a plain card of 20 years
//	1  a card without expiry (长期)
//	2  a minority name with ·
//	3  a name with 𠮷 (U+20BB7), beyond the BMP
//	4  a name of four characters, an address of four lines, a card of 10 years
//	5  a name of two characters, both rare; an address of one line; a number that ends in X
func Cast() []Person {
	day := func(y, m, d int) idcard.Date { return idcard.Date{Year: y, Month: m, Day: d} }
	people := []struct {
		Person
		region string
		n      int
	}{
		{Person{Name: "林砚秋", Sex: "男", Ethnicity: "汉", Birth: day(1990, 1, 2), Address: "广东省云屏市望澜区青禾路18号3栋502室",
			Authority: "云屏市公安局望澜分局", Issued: day(2024, 3, 13), Expires: day(2044, 3, 13)}, "448801", 6},
		{Person{Name: "沈静岚", Sex: "女", Ethnicity: "满", Birth: day(1961, 11, 30), Address: "辽宁省映溪市霁川县松麓镇栖桐村4组27号",
			Authority: "霁川县公安局", Issued: day(2018, 9, 5)}, "218803", 21},
		{Person{Name: "阿依古丽·吐尔逊", Sex: "女", Ethnicity: "维吾尔", Birth: day(1993, 7, 19), Address: "新疆维吾尔自治区汀兰市鹤鸣区砚湖东路206号沐泽小区9栋1单元301室",
			Authority: "汀兰市公安局鹤鸣分局", Issued: day(2023, 6, 8), Expires: day(2043, 6, 8)}, "658802", 33},
		{Person{Name: "田𠮷瑞", Sex: "男", Ethnicity: "汉", Birth: day(1987, 2, 28), Address: "陕西省岚塬县澄坪镇浉塘村11号",
			Authority: "岚塬县公安局", Issued: day(2022, 12, 1), Expires: day(2042, 12, 1)}, "618811", 4},
		{Person{Name: "欧阳诗涵", Sex: "女", Ethnicity: "土家", Birth: day(2003, 10, 8), Address: "湖南省璧洲市蓼湾区槿渡街道办事处筠坞社区鹭浦大道1688号枕溪花园12栋2单元",
			Authority: "璧洲市公安局蓼湾分局", Issued: day(2025, 1, 20), Expires: day(2035, 1, 20)}, "438805", 58},
		{Person{Name: "佘翀", Sex: "男", Ethnicity: "汉", Birth: day(1979, 5, 4), Address: "北京市漱川区涵岭街7号",
			Authority: "北京市公安局漱川分局", Issued: day(2021, 4, 16), Expires: day(2041, 4, 16)}, "118806", 30},
	}
	cast := make([]Person, len(people))
	for i, p := range people {
		cast[i] = p.Person
		cast[i].Number = numberFor(p.region, p.Birth, p.Sex, p.n)
	}
	return cast
}
