"""Invented texts of cards: names, addresses, authorities, terms, and lines of random characters.

    texts.py COUNT [SEED]    JSON lines: name, address, authority, of the counties that training never sees

Every person is made up; divisions and villages are real names (see places.py). The test set draws from
counties that training never sees.
"""
import json
import random
import sys

import charset
import places

# Surnames by falling frequency, then rarer ones, then double ones.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
RARE_SURNAMES = (
    "温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝"
    "路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬"
    "边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位"
    "厉仝尉花卿阙亓郗郤郄逄邸邰郇郏鄂鄞鄢殳晁亢缑干谯后种仉督能逯盖益桓公笪年爱佴墨哈召有舜丌曲禤昝贲邛翦荀羊於惠甄麴芮羿汲邴糜松"
    "井富乌焦巴弓牧隗山宓蓬郗仰秋仲伊宫昌马苗方俞任袁柳酆鲍史唐岑薛雷倪汤滕罗毕郝邬闫阎遆稽仵冮呙俎慎禚粘芈苌莘菅蔚衡襄訾詹诸"
    "贡赖赫邹郸郯鄯酒钮银阚雍雒靖鱼麦黑"
)
DOUBLE_SURNAMES = "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 令狐 慕容 司徒 夏侯 端木 轩辕 澹台 长孙 宇文 呼延 南宫 闻人 百里 第五 赫连 拓跋 完颜".split()
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂梅玲红玉华建国文志海燕春雪飞林波鹏宇浩然子轩梓涵欣怡佳琪诗雨晨曦思远博俊凯"
    "峰云龙凤鑫婷雅慧倩颖莹晶晓东生永福德成荣祥顺金银宝贵财发才学礼义仁智信忠孝诚良善美淑贤珍珠翠琴琼瑶瑞琳璐珊瑜璇玮琦珂嘉豪"
    "天泽睿哲宸铭浩宏立新春夏秋冬月星辰光辉阳朝旭昊昕晖煜炜烨焱森林柏松楠桐树根梁栋材柯一二三小大长少卫爱民权利中正方圆元亨利贞"
    "武斌彬文武庆喜乐安康宁静怀恩念祖耀宗光显继承先后世传家兴旺茂盛丰年登科第彩霞虹雯霖露霜雷震江河湖海洋洲川溪泉源清澈洁净莲荷"
    "菊兰竹梅芝芸芬芳香馨蕾蓉薇萍苹莉茜菲萱若可心语嫣然悦妍媛婉姗姝婕娅娥妮妹姐弟哥毅恒坚韧勤俭朴实力功勋绩业创造化育培养冠群英"
    "雄威猛虎豹狮鹤鸿雁鹰燕凤凰麒麟骏骥骁腾飞跃奔驰翔翰墨书画诗词歌赋琴棋剑锋锐钢铁铜钧锦绣绮丝绫纯素紫丹青碧翠黛玄白"
)
SYLLABLES = (
    "阿不都拉热西提买合木江古丽尼亚孜艾力吐尔逊依布拉音穆罕默德卡德尔玉素甫努尔帕夏汗巴依克别肯江尔斯兰吾甫萨迪赛义夫哈米娜扎西"
    "多吉次仁卓玛央金平措达娃旦增格桑索朗罗布顿珠白玛拉姆曲珍尼玛仓决洛桑嘎玛巴桑边巴普布其美才让东珠加措旺堆强巴尕藏娜仁托娅巴特"
    "尔苏和格日勒图乌云其木格吉斯敖登高娃呼和宝音斯琴毕力赛罕那顺孟克"
)
ETHNICITIES = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 "
    "达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 "
    "门巴 珞巴 基诺 其他 穿青人"
).split()
ESTATES = "花园 小区 家园 新村 公寓 大厦 佳苑 名都 华庭 广场 里 胡同 弄 巷 大街 路 街 大道 东路 西路 南街 北街 中路".split()
DIGITS = "0123456789"
TERMS = (5, 10, 20, None)  # years; None is long-term
WRAP = 11.0  # full-width characters an address line holds


class Texts:
    """r is a random.Random; chars the classes; test picks the held-out counties."""

    def __init__(self, r, chars, test=False):
        self.r = r
        self.chars = chars
        self.known = set(chars)
        self.counties = [c for c in places.load() if places.held_out(c) == test]
        self.han = [c for c in chars if c >= "\u3400"]
        old = set(charset.gb2312())
        self.rare = [c for c in self.han if c not in old]

    def keep(self, text):
        return "".join(c for c in charset.fold(text) if c in self.known)

    def name(self):
        r = self.r
        if r.random() < 0.07:
            part = lambda: "".join(r.choice(SYLLABLES) for _ in range(r.randint(2, 5)))
            return part() + "·" + part() if r.random() < 0.7 else part()
        k = r.random()
        if k < 0.04:
            n = r.choice(DOUBLE_SURNAMES)
        elif k < 0.40:
            n = r.choice(RARE_SURNAMES)
        else:
            n = SURNAMES[int(len(SURNAMES) * r.random() ** 2)]
        for _ in range(1 if r.random() < 0.18 else 2):
            k = r.random()
            n += r.choice(GIVEN) if k < 0.68 else r.choice(self.han) if k < 0.95 else r.choice(self.rare)
        return n

    def address(self):
        """A whole address, not yet wrapped."""
        r = self.r
        c = r.choice(self.counties)
        a = "".join(c["path"]) if r.random() < 0.7 else "".join(c["path"][-2:])
        town, villages = r.choice(c["towns"])
        if r.random() < 0.85:
            a += town
        if villages and r.random() < 0.75:
            a += r.choice(villages)
        k = r.random()
        if k < 0.35:
            a += f"{r.randint(1, 30)}组" + (f"{r.randint(1, 400)}号" if r.random() < 0.7 else "")
        elif k < 0.75:
            if r.random() < 0.7:
                a += "".join(r.choice(GIVEN if r.random() < 0.7 else self.han) for _ in range(2)) + r.choice(ESTATES)
            a += f"{r.randint(1, 999)}号"
            if r.random() < 0.6:
                a += r.choice(["", "", "A座", "B座", "甲", "乙", "附"]) + f"{r.randint(1, 60)}" + r.choice("栋幢楼")
                if r.random() < 0.7:
                    a += f"{r.randint(1, 9)}单元"
                a += f"{r.randint(1, 33)}{r.randint(0, 1)}{r.randint(1, 9)}" + r.choice(["室", "号", "房", ""])
            if r.random() < 0.1:
                a = a.replace("号", f"号之{r.choice('一二三')}" if r.random() < 0.5 else f"-{r.randint(1, 20)}号", 1)
        elif k < 0.9:
            a += f"{r.randint(1, 2000)}号"
        return self.keep(a)

    def address_lines(self):
        lines, line, width = [], "", 0.0
        for c in self.address():
            w = 0.55 if c < "\u0100" else 1.0
            if width + w > WRAP:
                lines, line, width = [*lines, line], "", 0.0
            line, width = line + c, width + w
        return [*lines, line]

    def authority(self):
        c = self.r.choice(self.counties)["path"]
        k = self.r.random()
        if k < 0.55 or len(c) < 2:
            return self.keep(c[-1] + "公安局")
        if k < 0.8:
            return self.keep(c[-2] + "公安局" + c[-1].removesuffix("区") + "分局")
        return self.keep(c[-2] + c[-1] + "公安局")

    def term(self):
        r = self.r
        y, m, d = r.randint(2004, 2027), r.randint(1, 12), r.randint(1, 28)
        n = r.choice(TERMS)
        return f"{y}.{m:02}.{d:02}-" + ("长期" if n is None else f"{y + n}.{m:02}.{d:02}")

    def birth(self):
        r = self.r
        return f"{r.randint(1920, 2026)}年{r.randint(1, 12)}月{r.randint(1, 31)}日"

    def short(self):
        """What stands alone: a sex, an ethnicity, a part of a date."""
        r = self.r
        k = r.random()
        if k < 0.3:
            return r.choice("男女")
        if k < 0.8:
            return r.choice(ETHNICITIES)
        return str(r.randint(1, 31)) if r.random() < 0.5 else str(r.randint(1920, 2026))

    def noise(self, pool, rare):
        """Random characters, some of them beyond GB 2312: it is what teaches the rare ones."""
        r = self.r
        n = r.randint(7, 12)
        return "".join(r.choice(rare) if rare and r.random() < 0.15 else r.choice(pool) for _ in range(n))

    def latin(self):
        r = self.r
        return "".join(
            r.choice(DIGITS) if r.random() < 0.6 else r.choice(charset.ASCII) if r.random() < 0.4
            else r.choice("ABCDEFGX号栋-·()#") for _ in range(r.randint(4, 14))
        )


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    t = Texts(random.Random(seed * 7919 + 11), charset.read(), test=True)
    for _ in range(int(sys.argv[1])):
        print(json.dumps({"name": t.name(), "address": t.address(), "authority": t.authority()}, ensure_ascii=False))
