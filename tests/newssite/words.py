"""Sentences that look like Vietnamese news: real words in made-up order, the same for a seed."""

import random
from typing import Final

_PHRASES: Final = """
công đoàn thành phố|người lao động|đoàn viên|khu công nghiệp|khu nhà trọ|tiền lương tối thiểu|
bảo hiểm xã hội|trợ cấp thất nghiệp|hợp đồng lao động|làm thêm giờ|nghỉ phép năm|thai sản|
an toàn vệ sinh lao động|thương lượng tập thể|thỏa ước lao động|tư vấn pháp luật|ban chấp hành|
liên đoàn lao động|công nhân nữ|con của đoàn viên|quỹ học bổng|mái ấm công đoàn|tháng công nhân|
bữa ăn ca|giá điện nước|nhà ở xã hội|đình công|khởi kiện|hòa giải viên|thanh tra sở|
đại hội nhiệm kỳ mới|phong trào thi đua|sáng kiến cải tiến|kỹ năng nghề|đào tạo lại|sức khỏe|
chuyến xe nghĩa tình|tết sum vầy|phiên chợ không đồng|gian hàng ưu đãi|khám bệnh miễn phí
"""
_VERBS: Final = """
tổ chức|trao tặng|hướng dẫn|kiểm tra|giám sát|đề nghị|thông báo|triển khai|ký kết|thăm hỏi|
bảo vệ|hỗ trợ|tuyên truyền|đối thoại về|góp ý cho|tổng kết|phát động|giải quyết|yêu cầu|công bố
"""
_ENDS: Final = """
trong quý này|tại quận Hồng Bàng|tại huyện Thủy Nguyên|theo quy định mới|trước dịp lễ|
với hơn một nghìn người tham dự|ngay tại nơi làm việc|vào cuối tuần|từ đầu tháng|
ở nhiều doanh nghiệp|để ổn định cuộc sống|theo Bộ luật Lao động|không thu bất kỳ khoản phí nào|
qua đường dây nóng
"""


def _listed(text: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in text.replace("\n", " ").split("|")]


PHRASES, VERBS, ENDS = _listed(_PHRASES), _listed(_VERBS), _listed(_ENDS)


def sentence(chance: random.Random) -> str:
    words = f"{chance.choice(PHRASES)} {chance.choice(VERBS)} {chance.choice(PHRASES)}"
    if chance.random() < 0.6:
        words += f", {chance.choice(VERBS)} {chance.choice(PHRASES)}"
    words += f" {chance.choice(ENDS)}"
    return words[0].upper() + words[1:] + "."


def paragraph(chance: random.Random) -> str:
    return " ".join(sentence(chance) for _ in range(chance.randint(2, 5)))


def title(chance: random.Random, number: int) -> str:
    words = f"{chance.choice(PHRASES)} {chance.choice(VERBS)} {chance.choice(PHRASES)}"
    return f"{words[0].upper()}{words[1:]} – bài {number}"
