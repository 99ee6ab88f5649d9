export default {
  title: 'আমার অ্যাকাউন্ট',
  name: 'নাম',
  currentPassword: 'এখনকার পাসওয়ার্ড',
  newPassword: 'নতুন পাসওয়ার্ড',
  hint: 'কমপক্ষে ৮ অক্ষর',
  change: 'পাসওয়ার্ড বদলান',
  changed: 'পাসওয়ার্ড বদলানো হয়েছে।',
}
